"""Figures as short text. Unknown is `-`, never 0."""

UNKNOWN = "-"
_SIZES = ("B", "KB", "MB", "GB", "TB")


def number(value: float | None) -> str:
    """`1,204`."""
    return UNKNOWN if value is None else f"{value:,.0f}"


def seconds(value: float | None) -> str:
    """`0.45 ms`, `12.3 ms`, `1.20 s`."""
    if value is None:
        return UNKNOWN
    if value >= 0.9995:
        return f"{value:.2f} s" if value < 100 else f"{value:,.0f} s"
    ms = value * 1000
    return f"{ms:.2f} ms" if ms < 0.995 else f"{ms:.1f} ms" if ms < 99.95 else f"{ms:.0f} ms"


def share(value: float | None) -> str:
    """`0.2 %`."""
    return UNKNOWN if value is None else f"{value * 100:.1f} %"


def rate(value: float | None) -> str:
    """`3.3/s`."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}/s" if value >= 100 else f"{value:.1f}/s" if value >= 0.05 or not value else f"{value:.3f}/s"


def size(value: float | None) -> str:
    """`1.9 MB`."""
    if value is None:
        return UNKNOWN
    for unit in _SIZES[:-1]:
        if abs(value) < 1000:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:,.1f} {_SIZES[-1]}"


def span(value: float | None) -> str:
    """`48 s`, `5 min`, `3 h 20 min`, `2 d 4 h`."""
    if value is None:
        return UNKNOWN
    minutes = round(value / 60)
    if value < 100:
        return f"{value:.0f} s"
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h {minutes % 60} min" if hours < 48 else f"{hours // 24} d {hours % 24} h"
