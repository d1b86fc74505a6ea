"""Exceptions that packs catch."""

__all__ = ["ResourceNotFoundError"]


class ResourceNotFoundError(Exception):
    """There is no such thing."""
