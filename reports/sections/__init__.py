"""Sections that reports are made of: each reads what it needs and says what it found, also when that is nothing."""
