"""One module a command group of the command line."""
