"""One file, one command: its docstring's first line is its help; `arguments(parser)`, `run(arguments, workspace)`."""
