"""Points in time, always with a zone."""

import datetime
from typing import Any

__all__ = ["get_datetime_utc_now", "append_milliseconds_to_time", "add_utc_tz", "convert_to_utc", "parse"]


def _utc() -> datetime.tzinfo:
    from dateutil import tz  # packs compare zones with those of this library

    utc: datetime.tzinfo = tz.tzutc()
    return utc


def get_datetime_utc_now() -> datetime.datetime:
    """Returns now."""
    return datetime.datetime.now(_utc())


def append_milliseconds_to_time(date: datetime.datetime, millis: float) -> datetime.datetime:
    """Returns a later point in time."""
    return convert_to_utc(date + datetime.timedelta(milliseconds=millis))


def add_utc_tz(dt: datetime.datetime) -> datetime.datetime:
    """Gives a time without a zone that of UTC."""
    if dt.tzinfo and dt.tzinfo.utcoffset(dt) != datetime.timedelta(0):
        raise ValueError("datetime already contains a non UTC timezone")
    return dt.replace(tzinfo=_utc())


def convert_to_utc(dt: datetime.datetime) -> datetime.datetime:
    """Returns the same time in UTC, which a time without a zone is taken for."""
    return dt.astimezone(_utc()) if dt.tzinfo else add_utc_tz(dt)


def parse(value: Any, preserve_original_tz: bool = False) -> datetime.datetime:
    """Reads a time."""
    import dateutil.parser

    dt: datetime.datetime = dateutil.parser.parse(str(value))
    if not dt.tzinfo:
        dt = add_utc_tz(dt)
    return dt if preserve_original_tz else convert_to_utc(dt)
