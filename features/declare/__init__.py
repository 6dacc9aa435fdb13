"""Declarations: what a feature is, said once in Python, next to the entity; names, types and units derive from it."""
