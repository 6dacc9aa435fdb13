"""Feature views: one file, one view, found by its name."""
