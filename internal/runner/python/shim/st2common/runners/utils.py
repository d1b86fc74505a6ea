"""Helpers of Python actions."""

import logging
from typing import Any, Dict, Optional

from st2common import log

__all__ = ["PackConfigDict", "get_logger_for_python_runner_action", "get_action_class_instance"]


class PackConfigDict(Dict[str, Any]):
    """The configuration of a pack, which says so when a key is missing."""

    def __init__(self, pack_name: str, *args: Any) -> None:
        super().__init__(*args)
        self._pack_name = pack_name

    def __getitem__(self, key: str) -> Any:
        try:
            return super().__getitem__(key)
        except KeyError:
            raise ValueError(
                'Config for pack "%s" is missing key "%s". Set it with: nightshift pack config %s'
                % (self._pack_name, key, self._pack_name)
            ) from None


def get_logger_for_python_runner_action(action_name: str, log_level: str = "debug") -> logging.Logger:
    """Returns the logger of an action, which writes to standard error from a level on."""
    logger = log.getLogger("actions.python." + action_name)
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(name)-12s: %(levelname)-8s %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(_level(log_level))
    return logger


def _level(name: str) -> int:
    return int(getattr(logging, name.upper(), logging.DEBUG))


def get_action_class_instance(
    action_cls: Any, config: Optional[Dict[str, Any]] = None, action_service: Any = None
) -> Any:
    """Makes an action. A constructor that does not know ``action_service`` has it set afterwards."""
    try:
        return action_cls(config=config, action_service=action_service)
    except TypeError as problem:
        if "unexpected keyword argument 'action_service'" not in str(problem):
            raise
    action = action_cls(config=config)
    action.action_service = action_service
    # What its base class would have learned from the service.
    wrapper = getattr(action_service, "_action_wrapper", None)
    if isinstance(getattr(action, "config", None), PackConfigDict):
        action.config._pack_name = getattr(wrapper, "_pack", "unknown")
    if isinstance(vars(action).get("logger"), logging.Logger):
        action.logger.setLevel(_level(getattr(wrapper, "_log_level", "debug")))
    return action
