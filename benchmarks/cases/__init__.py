"""One file, one case: each defines `case`."""
