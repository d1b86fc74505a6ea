"""Exceptions about what packs hold."""

from st2common.exceptions import StackStormBaseException


class ParseException(ValueError, StackStormBaseException):
    """A text is not of the form that it should have."""
