"""Figures and names as the verdict's sentences write them."""

from perftui.diagnosis.signals import count, milliseconds, per_second, percent
from perftui.model.text import safe_text

__all__ = ["count", "microseconds", "milliseconds", "name", "one_of", "per_second", "percent", "seconds", "size"]

_UNITS = ("B", "KB", "MB", "GB", "TB")


def seconds(value: float) -> str:
    """`0.4 s`, `12 s`, `3 min`."""
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s" if value < 120 else f"{value / 60:.0f} min"


def microseconds(value: float) -> str:
    """`8 µs`, `1.4 ms`, `2.0 s`."""
    return f"{value:.0f} µs" if value < 1000 else milliseconds(value / 1000) if value < 1e6 else seconds(value / 1e6)


def size(value: float) -> str:
    for unit in _UNITS:
        if value < 1024 or unit == _UNITS[-1]:
            return f"{value:.0f} {unit}" if value >= 10 or unit == "B" else f"{value:.1f} {unit}"
        value /= 1024
    raise AssertionError


def name(text: str, longest: int = 60) -> str:
    """What a server or a client calls something, safe to draw."""
    return safe_text(text, longest)


def one_of(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
