"""StackStorm's place of these types."""

from st2client.models import Pack

__all__ = ["Pack"]
