"""Exceptions that packs raise."""


class StackStormBaseException(Exception):
    """What all of them are."""
