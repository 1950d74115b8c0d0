"""A gate in front of pip; public are the command line, the exit statuses and the file formats."""

__version__ = "0.1.0.dev0"
