"""Numbers, sizes, durations and times as short text. What is not known is a dash."""

import time
from datetime import UTC, datetime

UNKNOWN = "-"


def number(value: float | None) -> str:
    """A count or a plain figure: `0`, `0.25`, `41.3`, `1,204`, `1.2M`."""
    if value is None:
        return UNKNOWN
    if abs(value) >= 999_999.5:
        return _scaled(value, 1000.0, ("", "k", "M", "G", "T", "P"))
    if value == int(value) or abs(value) >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 0.95 else f"{value:.2f}"


def rate(per_s: float | None) -> str:
    """Something a second, without the unit: `0`, `0.03`, `3.0`, `412`, `8,410`."""
    if per_s is None:
        return UNKNOWN
    if 0 < per_s < 0.005:
        return "<0.01"
    return f"{per_s:.1f}" if 0.95 <= abs(per_s) < 99.95 else number(round(per_s, 2))


def count_rows(count: int) -> str:
    """`0 rows`, `1 row`, `1,204 rows`."""
    return f"{count:,} row{'' if count == 1 else 's'}"


def size(count: float | None) -> str:
    """Bytes in powers of 1024: `0B`, `512B`, `4.1K`, `41M`, `5.1G`."""
    return UNKNOWN if count is None else _scaled(count, 1024.0, ("B", "K", "M", "G", "T", "P"))


def size_rate(per_s: float | None) -> str:
    """Bytes a second: `12M/s`."""
    return UNKNOWN if per_s is None else f"{size(per_s)}/s"


def milliseconds(value: float | None) -> str:
    """A latency: `0ms`, `0.08ms`, `7.3ms`, `152ms`, `1.24s`, `2m05s`."""
    if value is None:
        return UNKNOWN
    if value >= 999.5:
        return duration(value / 1000)
    if value >= 9.95 or value < 0.005:
        return f"{value:.0f}ms"
    return f"{value:.1f}ms" if value >= 0.95 else f"{value:.2f}ms"


def microseconds(value: float | None) -> str:
    """A short latency: `7µs`, `1.2ms`."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f}µs" if value < 999.5 else milliseconds(value / 1000)


def duration(seconds: float | None) -> str:
    """A span of time in its two largest units: `0.40s`, `12.3s`, `3m20s`, `5h07m`, `12d4h`."""
    if seconds is None:
        return UNKNOWN
    if seconds < 59.95:
        return f"{seconds:.2f}s" if seconds < 9.995 else f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours < 48 else f"{hours // 24}d{hours % 24}h"


def age(seconds: float | None) -> str:
    """How long ago, roughly: `4s`, `3m`, `5h`, `12d`."""
    if seconds is None:
        return UNKNOWN
    for limit, divisor, unit in ((100, 1, "s"), (6000, 60, "m"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{int(max(seconds, 0.0) / divisor)}{unit}"
    return f"{int(seconds / 86_400)}d"


def share(value: float | None) -> str:
    """A share of 0 to 1 in percent, never rounded to a whole it is not: `0%`, `0.2%`, `71%`, `99.9%`, `100%`."""
    if value is None:
        return UNKNOWN
    percent = value * 100
    if percent in (0, 100):
        return f"{percent:.0f}%"
    if 0 < percent < 0.05:
        return "<0.1%"
    if percent < 9.95:
        return f"{percent:.1f}%"
    return f"{min(percent, 99.9):.1f}%" if 99 <= percent < 100 else f"{percent:.0f}%"


def clock(at: float | None, utc: bool = False) -> str:
    """The time of day: `14:02:31`, in UTC with a `Z`."""
    return UNKNOWN if at is None else time.strftime("%H:%M:%S", _moment(at, utc).timetuple()) + ("Z" if utc else "")


def day_clock(at: float | None, now: float, utc: bool = False) -> str:
    """The time of day, with its date where that is another day's than `now`'s: `2026-11-21 14:00:31`."""
    if at is None or _moment(at, utc).date() == _moment(now, utc).date():
        return clock(at, utc)
    return _moment(at, utc).strftime("%Y-%m-%d ") + clock(at, utc)


def moment(at: float, utc: bool = False) -> str:
    """For a sentence: `03:12`, with its date where that is another day's; in UTC with a `Z`."""
    shown = _moment(at, utc)
    is_today = shown.date() == _moment(time.time(), utc).date()
    return shown.strftime("%H:%M" if is_today else "%Y-%m-%d %H:%M") + ("Z" if utc else "")


def timestamp(at: float | None, utc: bool = False) -> str:
    """Date and time to the millisecond: `2026-11-23 14:02:31.250`, in UTC with a `Z`."""
    if at is None:
        return UNKNOWN
    shown = _moment(at, utc)
    return shown.strftime("%Y-%m-%d %H:%M:%S.") + f"{shown.microsecond // 1000:03d}" + ("Z" if utc else "")


def _moment(at: float, utc: bool) -> datetime:
    try:
        moment = datetime.fromtimestamp(at, UTC)
    except (OverflowError, OSError, ValueError):  # a server's clock may say anything
        moment = datetime.fromtimestamp(0, UTC)
    return moment if utc else moment.astimezone()


def _scaled(value: float, step: float, units: tuple[str, ...]) -> str:
    power = 0
    while abs(value) >= 999.5 and power < len(units) - 1:
        value /= step
        power += 1
    return f"{value:.1f}{units[power]}" if power and abs(value) < 9.95 else f"{value:.0f}{units[power]}"
