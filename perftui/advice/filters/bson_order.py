"""BSON's order of values: type brackets first, then the value, as tuples that Python compares."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

Key = tuple[Any, ...]
"""(bracket,) or (bracket, comparable): any two keys compare as the server compares the values."""

UNDEFINED, NULL, NAN, NUMBER, STRING, OBJECT, ARRAY, BINARY, OBJECT_ID, BOOLEAN, DATE, TIMESTAMP, REGEX, OTHER = (
    0, 5, 9, 10, 15, 20, 25, 30, 35, 40, 45, 47, 50, 60,
)  # fmt: skip
MIN_KEY: Final[Key] = (-1, 0)
MAX_KEY: Final[Key] = (127, 0)
LOWEST: Final[Key] = (-2,)
HIGHEST: Final[Key] = (128,)
NULL_KEY: Final[Key] = (NULL, 0)
UNDEFINED_KEY: Final[Key] = (UNDEFINED, 0)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DEPTH = 20
Fold = Callable[[str], Any]
"""A collation's comparison key of a text."""


def order_key(value: object, fold: Fold | None = None, depth: int = 0) -> Key:
    """The place of a value, Python's, BSON's or extended JSON's, in the order of the server; never raises."""
    kind = type(value)
    if kind is str:
        return (STRING, fold(value) if fold else value)  # type: ignore[arg-type]
    if kind is int:
        return (NUMBER, value)
    maker = _MAKERS.get(kind)
    if maker is not None:
        return maker(value)
    if isinstance(value, Mapping):
        return _mapping_key(value, fold, depth)
    if isinstance(value, list | tuple):
        items = tuple(order_key(item, fold, depth + 1) for item in value) if depth < _DEPTH else ()
        return (ARRAY, items)
    return _special_key(value, fold)


def date_key(milliseconds: int) -> Key:
    return (DATE, milliseconds)


def bracket_of(key: Key) -> tuple[Key, Key]:
    """The least and the first too great key of the values that a comparison with this one can match."""
    return (key[0],), (key[0] + 1,)


def _float_key(value: float) -> Key:
    return (NAN, 0) if math.isnan(value) else (NUMBER, value)


def _datetime_key(value: datetime) -> Key:
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    return (DATE, (aware - _EPOCH) // _MILLISECOND)


def _bytes_key(value: bytes) -> Key:
    return (BINARY, (len(value), getattr(value, "subtype", 0), bytes(value)))


_MAKERS: dict[type, Callable[[Any], Key]] = {
    bool: lambda value: (BOOLEAN, value),
    float: _float_key,
    type(None): lambda _value: NULL_KEY,
    datetime: _datetime_key,
    bytes: _bytes_key,
}


def _mapping_key(value: Mapping[str, object], fold: Fold | None, depth: int) -> Key:
    if len(value) <= 2:
        name = next(iter(value), "")
        reader = _EXTENDED.get(name) if isinstance(name, str) else None
        if reader is not None:
            try:
                return reader(value[name])
            except (ValueError, TypeError, AttributeError, ArithmeticError, KeyError):
                return (OTHER, str(value)[:200])
    if depth >= _DEPTH:
        return (OBJECT, ())
    parts = [(order_key(item, fold, depth + 1), str(name)) for name, item in value.items()]
    return (OBJECT, tuple((key[0], name, key) for key, name in parts))


def _special_key(value: object, fold: Fold | None) -> Key:
    kind = type(value).__name__
    reader = _BY_NAME.get(kind)
    try:
        if reader is not None:
            return reader(value)
        if isinstance(value, str):
            return (STRING, fold(str(value)) if fold else str(value))
        if isinstance(value, int):
            return (NUMBER, int(value))
        if isinstance(value, float):
            return _float_key(float(value))
        if isinstance(value, bytes):
            return _bytes_key(value)
        if isinstance(value, datetime):
            return _datetime_key(value)
    except (ValueError, TypeError, AttributeError, ArithmeticError):
        pass
    return (OTHER, f"{kind} {str(value)[:200]}")


def _decimal_key(text: object) -> Key:
    from decimal import Decimal

    number = Decimal(str(text))
    return (NAN, 0) if number.is_nan() else (NUMBER, number)


def _regex_key(value: object) -> Key:
    pattern = getattr(value, "pattern", "")
    return (REGEX, (str(pattern), 0))


def _extended_date(value: object) -> Key:
    if isinstance(value, Mapping):
        return (DATE, int(str(next(iter(value.values())))))
    if isinstance(value, int):
        return (DATE, int(value))
    return _datetime_key(datetime.fromisoformat(str(value)))


def _extended_binary(value: object) -> Key:
    import base64

    if isinstance(value, Mapping):
        data = base64.b64decode(str(value.get("base64", "")))
        return (BINARY, (len(data), int(str(value.get("subType", "0")), 16), data))
    return (OTHER, str(value)[:200])


def _uuid_key(value: object) -> Key:
    data = bytes.fromhex(str(value).replace("-", ""))
    return (BINARY, (len(data), 4, data))


def _extended_timestamp(value: Any) -> Key:
    return (TIMESTAMP, (int(value["t"]), int(value["i"])))


_BY_NAME: dict[str, Callable[[Any], Key]] = {
    "ObjectId": lambda value: (OBJECT_ID, bytes(value.binary)),
    "Decimal128": _decimal_key,
    "DatetimeMS": lambda value: (DATE, int(value)),
    "Timestamp": lambda value: (TIMESTAMP, (int(value.time), int(value.inc))),
    "UUID": _uuid_key,
    "Regex": _regex_key,
    "Pattern": _regex_key,
    "MinKey": lambda _value: MIN_KEY,
    "MaxKey": lambda _value: MAX_KEY,
    "Decimal": _decimal_key,
}
_EXTENDED: dict[str, Callable[[Any], Key]] = {
    "$oid": lambda value: (OBJECT_ID, bytes.fromhex(value)),
    "$date": _extended_date,
    "$numberInt": lambda value: (NUMBER, int(value)),
    "$numberLong": lambda value: (NUMBER, int(value)),
    "$numberDouble": lambda value: _float_key(float(value)),
    "$numberDecimal": _decimal_key,
    "$binary": _extended_binary,
    "$uuid": _uuid_key,
    "$timestamp": _extended_timestamp,
    "$regularExpression": lambda value: (REGEX, (str(value["pattern"]), 0)),
    "$symbol": lambda value: (STRING, str(value)),
    "$minKey": lambda _value: MIN_KEY,
    "$maxKey": lambda _value: MAX_KEY,
    "$undefined": lambda _value: UNDEFINED_KEY,
}
