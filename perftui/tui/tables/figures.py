"""Figures as short text of about constant width; what is not known is a dash."""

from datetime import UTC, datetime

UNKNOWN = "-"


def count(value: float | None) -> str:
    """`1,204`, `84.1k`, `3.2M`."""
    if value is None:
        return UNKNOWN
    for limit, divisor, suffix in ((100_000, 1, ""), (1_000_000, 1e3, "k"), (1_000_000_000, 1e6, "M")):
        if abs(value) < limit:
            return f"{value / divisor:,.0f}{suffix}" if divisor == 1 else f"{value / divisor:.1f}{suffix}"
    return f"{value / 1e9:.1f}G"


def rate(value: float | None) -> str:
    """A number a second: `0`, `0.02`, `3.1`, `412`, `8,410`."""
    if value is None:
        return UNKNOWN
    if value == 0:
        return "0"
    if value < 0.1:
        return f"{value:.2f}" if value >= 0.01 else "<0.01"
    return f"{value:.1f}" if value < 99.95 else count(value)


def milliseconds(value: float | None) -> str:
    """`0.42ms`, `4.2ms`, `152ms`, `1.52s`, `62s`, `12m`."""
    if value is None:
        return UNKNOWN
    if value < 0.995:
        return f"{value:.2f}ms" if value else "0ms"
    if value < 9.95:
        return f"{value:.1f}ms"
    return f"{value:.0f}ms" if value < 999.5 else seconds(value / 1000)


def microseconds(value: float | None) -> str:
    """`12us`, then as milliseconds."""
    if value is None:
        return UNKNOWN
    return f"{value:.0f}us" if value < 999.5 else milliseconds(value / 1000)


def seconds(value: float | None) -> str:
    """A duration: `1.52s`, `15.2s`, `4m10s`, `3h05m`, `12d4h`."""
    if value is None:
        return UNKNOWN
    value = max(value, 0.0)
    if value < 60:
        return f"{value:.2f}s" if value < 9.995 else f"{value:.1f}s"
    minutes, rest = divmod(int(value), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02d}m" if hours < 48 else f"{hours // 24}d{hours % 24}h"


def age(at: float | None, now: float) -> str:
    """How long ago, in whole units: `0s`, `12s`, `4m`, `3h`, `12d`."""
    if at is None:
        return UNKNOWN
    elapsed = max(now - at, 0.0)
    for limit, divisor, unit in ((60, 1, "s"), (3600, 60, "m"), (172_800, 3600, "h")):
        if elapsed < limit:
            return f"{int(elapsed / divisor)}{unit}"
    return f"{int(elapsed / 86_400)}d"


def clock(at: float | None, utc: bool) -> str:
    """`14:02:31`, in local time or UTC."""
    return UNKNOWN if at is None else _moment(at, utc).strftime("%H:%M:%S")


def moment(at: float | None, utc: bool) -> str:
    """`2026-11-23 14:02:31.204 UTC`."""
    if at is None:
        return UNKNOWN
    when = _moment(at, utc)
    return f"{when:%Y-%m-%d %H:%M:%S}.{when.microsecond // 1000:03d} {when.tzname() or ''}".rstrip()


def size(value: float | None) -> str:
    """Bytes in binary units: `812B`, `4.1K`, `41M`, `5.1G`."""
    if value is None:
        return UNKNOWN
    for unit in ("B", "K", "M", "G"):
        if abs(value) < 999.5:
            return f"{value:.0f}{unit}" if unit == "B" or value >= 9.95 else f"{value:.1f}{unit}"
        value /= 1024
    return f"{value:.1f}T"


def share(value: float | None) -> str:
    """A share in percent that never rounds to a whole it is not: `0%`, `0.2%`, `93%`, `99.9%`, `100%`."""
    if value is None:
        return UNKNOWN
    percent = value * 100
    if percent in (0, 100):
        return f"{percent:.0f}%"
    if percent < 0.05:
        return "<0.1%"
    if percent < 9.95 or 99 <= percent < 100:
        return f"{min(percent, 99.9) if percent < 100 else percent:.1f}%"
    return f"{percent:.0f}%"


def _moment(at: float, utc: bool) -> datetime:
    try:
        moment = datetime.fromtimestamp(at, UTC)
    except (OverflowError, OSError, ValueError):
        moment = datetime.fromtimestamp(0, UTC)
    return moment if utc else moment.astimezone()
