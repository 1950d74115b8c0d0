"""Putting pipgate in front of pip, and proving that it is there: shells, virtual environments, doctor."""
