"""Rapport beside what a user would pick instead, in one run; nothing here is imported by the product."""
