"""Exceptions that packs catch."""
