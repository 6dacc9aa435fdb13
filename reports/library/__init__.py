"""Reports, one file each: a module here that defines ``report`` is found by its name."""
