"""Times as ISO 8601 has them."""

import datetime
import re
from typing import Any

from st2common.util import date as date_utils

__all__ = ["format", "validate", "parse"]

ISO8601_UTC_REGEX = r"^\d{4}\-\d{2}\-\d{2}(\s|T)\d{2}:\d{2}:\d{2}(\.\d{3,6})?(Z|\+00|\+0000|\+00:00)$"


def format(dt: Any, usec: bool = True, offset: bool = True) -> str:
    """Writes a time, given as such, as a text or in seconds since 1970."""
    if isinstance(dt, str):
        dt = parse(dt)
    elif isinstance(dt, int):
        dt = datetime.datetime.fromtimestamp(dt, date_utils._utc())
    if offset:
        zone = dt.strftime("%z")
        zone = zone[:3] + ":" + zone[3:] if zone else "+00:00"
    else:
        name = dt.tzinfo.tzname(dt) if dt.tzinfo else "UTC"
        zone = "Z" if name == "UTC" else name
    text: str = dt.strftime("%Y-%m-%dT%H:%M:%S.%f" if usec else "%Y-%m-%dT%H:%M:%S")
    return text + zone


def validate(value: Any, raise_exception: bool = True) -> bool:
    """Whether a value is a time, or the text of one in UTC."""
    if isinstance(value, datetime.datetime) or (isinstance(value, str) and re.match(ISO8601_UTC_REGEX, value)):
        return True
    if raise_exception:
        raise ValueError("Datetime value does not match expected format.")
    return False


def parse(value: Any, preserve_original_tz: bool = False, validate_value: bool = True) -> datetime.datetime:
    """Reads a time."""
    if validate_value:
        validate(value)
    return date_utils.parse(value, preserve_original_tz)
