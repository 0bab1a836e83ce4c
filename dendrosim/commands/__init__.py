"""The command line, one file a command; ``dendrosim.commands.main`` puts them together."""
