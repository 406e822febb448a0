"""The command line: what can be given, and one module a command."""
