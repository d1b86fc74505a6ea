"""The old place of :class:`Action`."""

from st2common.runners.base_action import Action

__all__ = ["Action"]
