"""Writes what actions return as JSON."""

import dataclasses
import datetime
import enum
import json
import math
import uuid
from typing import Any, Optional


def encode(status: Optional[bool], result: Any) -> bytes:
    """Returns the JSON text of a result with its status.

    A result that JSON can't hold becomes text: ``str(result)`` if there is a
    status, and otherwise ``repr(result)``.
    """
    try:
        text = dumps(result)
    except (TypeError, ValueError, RecursionError):
        text = json.dumps(str(result) if status is not None else repr(result))
    # Half a surrogate pair is no text anywhere else.
    return ('{"status": %s, "result": %s}' % (_STATUS[status], text)).encode("utf-8", "replace")


def dumps(value: Any) -> str:
    """Returns JSON as every reader takes it: not-a-number and infinities become null."""
    try:
        return _encode(value)
    except ValueError as problem:
        if "circular" in str(problem).lower():
            raise
        return json.dumps(finite(value), default=lambda v: finite(other(v)))


def other(value: Any) -> Any:
    """Returns what JSON has for a type that it does not know itself."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    raise TypeError("JSON has no %s" % type(value).__name__)


# Both are made once, as the zygote's children share them.
_encode = json.JSONEncoder(default=other, allow_nan=False).encode
_STATUS = {None: "null", True: "true", False: "false"}


def finite(value: Any) -> Any:
    """Returns value with None for what is not a finite number."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {k: finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(v) for v in value]
    return value
