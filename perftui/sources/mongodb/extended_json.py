"""Extended JSON, as the server logs it and as people type it, to Python and BSON values."""

from collections.abc import Mapping
from typing import Any, cast

from perftui.advice.shapes.values import is_operator_document

_DEPTH = 200


def from_extended(value: Any) -> Any:
    """Decoded JSON with the values that the driver would decode; what is not quite extended JSON stays as it is."""
    from bson.codec_options import DatetimeConversion
    from bson.json_util import JSONMode, JSONOptions

    options: Any = JSONOptions(
        json_mode=JSONMode.RELAXED, tz_aware=False, datetime_conversion=DatetimeConversion.DATETIME_AUTO
    )
    return _read(value, options, 0)


def _read(value: Any, options: Any, depth: int) -> Any:
    if type(value) is dict:
        first = next(iter(value), "")
        if first[:1] == "$" and not is_operator_document(value):
            return _special(value, options)
        if depth < _DEPTH:
            return {
                name: _read(each, options, depth + 1) if type(each) in (dict, list) else each
                for name, each in value.items()
            }
    elif type(value) is list and depth < _DEPTH:
        return [_read(each, options, depth + 1) if type(each) in (dict, list) else each for each in value]
    return value


def _special(value: dict[str, Any], options: Any) -> Any:
    """`{"$oid": ...}` and its like."""
    from bson.errors import BSONError
    from bson.json_util import object_hook

    try:
        return object_hook(value, options)
    except (BSONError, TypeError, ValueError, OverflowError, KeyError, AttributeError, RecursionError):
        return value


def from_bson(data: bytes) -> Mapping[str, Any]:
    """A document read leniently: far dates and broken UTF-8 are kept. Raises `ValueError` for what is no BSON."""
    from bson import CodecOptions, decode
    from bson.codec_options import DatetimeConversion
    from bson.errors import BSONError

    options: CodecOptions[dict[str, Any]] = CodecOptions(
        datetime_conversion=DatetimeConversion.DATETIME_AUTO, unicode_decode_error_handler="replace"
    )
    try:
        return cast("Mapping[str, Any]", decode(data, options))
    except BSONError as error:
        raise ValueError(str(error)) from None
