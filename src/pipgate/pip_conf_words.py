"""The words in a pip.conf that put up the gate. Every gated pip looks for them; nothing is imported here."""

STAND_IN = "pipgate-python"
# Means ``:all:`` to pip, which drops what stands behind it; so it can be told from a user's own.
BACKSTOP = ":all:,pipgate-backstop"
