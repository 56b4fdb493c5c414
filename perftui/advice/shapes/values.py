"""What of a query's values an index question depends on: null or not, how many, which kind of regular expression."""

import re
from collections.abc import Mapping
from typing import Final

EQUALITY: Final = "$eq: ?"
_MERGED_SCANS = 200
_SCANNED_ITEMS = 2000
_JSON_VALUES = frozenset(
    ("$oid", "$date", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$binary", "$uuid", "$timestamp")
) | {"$regularExpression", "$symbol", "$code", "$minKey", "$maxKey", "$undefined", "$dbPointer", "$ref", "$id"}
_QUANTIFIERS = frozenset("*?{+")
_SPECIAL = frozenset("\\^$.|?*+()[]{}")


def is_operator_document(value: Mapping[str, object]) -> bool:
    """`{$gt: ...}`, but neither a plain document nor a value in extended JSON."""
    first = next(iter(value), "")
    return isinstance(first, str) and first[:1] == "$" and first not in _JSON_VALUES


def regex_of(value: object) -> tuple[str, str] | None:
    """Pattern and flags of a regular expression (BSON, Python or extended JSON), or `None` for anything else."""
    if isinstance(value, Mapping):
        inner = value.get("$regularExpression")
        if isinstance(inner, Mapping):
            return str(inner.get("pattern", "")), str(inner.get("options", ""))
        return None
    pattern = getattr(value, "pattern", None)
    if pattern is None:
        return None
    text = pattern.decode("utf-8", "replace") if isinstance(pattern, bytes) else str(pattern)
    flags = getattr(value, "flags", 0)
    insensitive = isinstance(flags, int) and bool(flags & re.IGNORECASE)
    multiline = isinstance(flags, int) and bool(flags & re.MULTILINE)
    return text, "i" * insensitive + "m" * multiline


def regex_class(pattern: str, flags: str) -> str:
    """How an index can serve it: `/^?/` a range of the index, `/?/` all its keys, with an `i` where case is ignored."""
    return f"/{'^' if _anchored(pattern, flags) else ''}?/{'i' if 'i' in flags else ''}"


def _anchored(pattern: str, flags: str) -> bool:
    """True where the server finds a literal prefix: anchored, no alternation, at least one sure character."""
    if pattern.startswith("\\A"):
        rest = pattern[2:]
    elif pattern.startswith("^") and "m" not in flags:
        rest = pattern[1:]
    else:
        return False
    if not rest or "|" in rest:
        return False
    literal = 2 if rest[0] == "\\" and len(rest) > 1 and not rest[1].isalnum() else 0 if rest[0] in _SPECIAL else 1
    if rest.startswith("\\Q"):
        return True
    return literal > 0 and (len(rest) == literal or rest[literal] not in _QUANTIFIERS or rest[literal] == "+")


def value_term(value: object) -> str:
    """An equality to this value."""
    if value is None:
        return "$eq: null"
    regex = regex_of(value) if not isinstance(value, str | int | float) else None
    return EQUALITY if regex is None else f"$regex: {regex_class(*regex)}"


def list_class(values: object) -> str:
    """The size class of a `$in`, and whether null or regular expressions are among its values."""
    if not isinstance(values, list | tuple):
        return "[?]"
    size = "0" if not values else "1" if len(values) == 1 else "2-200" if len(values) <= _MERGED_SCANS else "201+"
    return f"[{size}{_mixed_in(values)}]"


def _mixed_in(values: list[object] | tuple[object, ...]) -> str:
    kinds = set(map(type, values))
    if kinds <= {str, int, float, bool}:
        return ""
    found = " null" if type(None) in kinds else ""
    if any(regex_of(value) is not None for value in values[:_SCANNED_ITEMS] if not isinstance(value, str | int)):
        found += " regex"
    return found


def is_null(value: object) -> bool:
    """Null or the undefined type of old."""
    return value is None or (isinstance(value, Mapping) and "$undefined" in value)
