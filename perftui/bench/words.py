"""Durations and rates as people read them."""

_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns"))


def duration(seconds: float) -> str:
    """Three digits and a unit: `12.3 ms`."""
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size * 0.9995), _UNITS[-1])
    return f"{digits(seconds / size)} {unit}"


def rate(per_s: float) -> str:
    """Operations a second: `1.23 k/s`."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if per_s >= size:
            return f"{digits(per_s / size)} {letter}/s"
    return f"{digits(per_s)} /s"


def digits(number: float) -> str:
    """Three of them."""
    if number >= 99.95:
        return f"{number:,.0f}"
    return f"{number:.1f}" if number >= 9.995 else f"{number:.2f}"
