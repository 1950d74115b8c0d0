"""One verb each: what the command line can be asked to do."""
