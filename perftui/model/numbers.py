"""The gate for numbers that a server says: what passes can be added up, multiplied, drawn and kept in a recording."""

LARGEST = 2.0**62
"""No counter, size or time is larger; a recording holds 64 bits."""


def real(value: object) -> float | None:
    """The number, or `None` for what is none, is not finite, or is larger than anything real."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not -LARGEST <= value <= LARGEST:
        return None
    return float(value)


def whole(value: object) -> int | None:
    """The number without its fraction, with the same limits."""
    if not isinstance(value, int | float) or isinstance(value, bool) or not -LARGEST <= value <= LARGEST:
        return None
    return int(value)
