"""One file, one command: a docstring whose first line is its help, `arguments(parser)`, and `run(arguments, workspace)`."""
