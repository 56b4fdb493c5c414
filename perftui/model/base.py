"""The base of every model object."""

import msgspec


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """An immutable value that can be written to JSON and read back equal.

    Times (`*_at`) are Unix seconds in UTC, durations end in `_s` or `_ms`, sizes in `_bytes`,
    rates in `_per_s`, shares run from 0 to 1. What is not known is `None`, never 0.
    """


def plain(value: object) -> object:
    """An encoder's hook: a client's own kind of number or text, such as BSON's Int64, as what it is."""
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    raise NotImplementedError
