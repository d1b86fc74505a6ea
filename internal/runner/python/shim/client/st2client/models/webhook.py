"""StackStorm's place of these types."""

from st2client.models import Webhook

__all__ = ["Webhook"]
