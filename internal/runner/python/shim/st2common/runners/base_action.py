"""The class that Python actions inherit from."""

import abc
from typing import Any, Dict, Optional

from st2common.runners.utils import PackConfigDict, get_logger_for_python_runner_action

__all__ = ["Action"]


class _Logger:
    """Makes the logger of an action when it is asked for, which for most actions is never."""

    def __get__(self, action: Any, _: Any) -> Any:
        if action is None:
            return self
        wrapper = getattr(getattr(action, "action_service", None), "_action_wrapper", None)
        action.logger = get_logger_for_python_runner_action(
            type(action).__name__, getattr(wrapper, "_log_level", "debug")
        )
        return action.logger


class Action(abc.ABC):
    """An action. ``config`` is the configuration of the pack, ``logger`` writes to standard error."""

    description: Optional[str] = None
    logger: Any = _Logger()

    def __init__(self, config: Optional[Dict[str, Any]] = None, action_service: Any = None) -> None:
        wrapper = getattr(action_service, "_action_wrapper", None)
        self.action_service = action_service
        self.config = PackConfigDict(getattr(wrapper, "_pack", "unknown"), config or {})

    @abc.abstractmethod
    def run(self, **kwargs: Any) -> Any:
        """Does the work with all declared parameters, and returns a result or (succeeded, result)."""
