"""Points in time as people write them on the command line."""

import re
from datetime import datetime, timedelta

_AGO = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(s|m|h|d|w)")
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])(?::([0-5][0-9]))?")


def moment(text: str, now: float) -> float:
    """Unix seconds from `30m` (ago), `14:00` (the last time it was), or an ISO date with or without a time and a zone.

    Without a zone it is this machine's time. Raises `ValueError` with what is expected.
    """
    text = text.strip()
    if ago := _AGO.fullmatch(text):
        return now - float(ago[1]) * _UNITS[ago[2]]
    if clock := _CLOCK.fullmatch(text):
        today = datetime.fromtimestamp(now).astimezone()
        at = today.replace(hour=int(clock[1]), minute=int(clock[2]), second=int(clock[3] or 0), microsecond=0)
        return (at if at <= today else at - timedelta(days=1)).timestamp()
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError, OSError):
        raise ValueError('a time such as "30m" (ago), "14:00" or "2026-11-25T14:00Z"') from None
