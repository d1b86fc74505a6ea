"""Loggers as StackStorm names them: below ``st2``, with a level AUDIT above all others."""

import logging
from typing import Any

__all__ = ["getLogger"]

AUDIT = logging.CRITICAL + 10
logging.AUDIT = AUDIT  # type: ignore[attr-defined]
logging.addLevelName(AUDIT, "AUDIT")


class _Logger(logging.Logger):
    def audit(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        self.log(AUDIT, msg, *args, **kwargs)


def getLogger(name: str) -> logging.Logger:  # noqa: N802  StackStorm's name
    """Returns a logger that also has ``audit``."""
    if not name.startswith("st2."):
        name = "st2." + name
    logger = logging.getLogger(name)
    if not hasattr(logger, "audit"):
        logger.audit = _Logger.audit.__get__(logger)  # type: ignore[attr-defined]
    return logger
