"""The pages: one file, one page."""
