"""StackStorm's place of these types."""

from st2client.models import ActionAliasExecution

__all__ = ["ActionAliasExecution"]
