"""One model per file: each module defines ``model``, and its name is that of the file."""
