"""StackStorm's place of these types."""

from st2client.models import Inquiry

__all__ = ["Inquiry"]
