"""The keys that an index makes of a document: arrays give one key an element."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from perftui.advice.filters.bson_order import NULL_KEY, UNDEFINED_KEY, Fold, Key, order_key

MISSING: Final = object()
_MOST_KEYS = 1000
"""Keys of one document that are looked at."""


def value_at(document: object, path: str) -> object:
    """The value at a path through documents only; `MISSING` where it ends or an array stands in the way."""
    for name in path.split("."):
        if not isinstance(document, Mapping) or name not in document:
            return MISSING
        document = document[name]
    return document


def values_at(document: object, path: str) -> list[object]:
    """All values that a predicate on this path looks at: through arrays, an array itself and its elements."""
    found: list[object] = []
    _collect(document, path.split("."), 0, found)
    return found


def _collect(value: object, names: list[str], at: int, found: list[object]) -> None:
    if len(found) >= _MOST_KEYS:
        return
    if at == len(names):
        found.append(value)
        if isinstance(value, list | tuple):
            found.extend(value[:_MOST_KEYS])
        return
    if isinstance(value, Mapping):
        if names[at] in value:
            _collect(value[names[at]], names, at + 1, found)
    elif isinstance(value, list | tuple):
        if names[at].isdigit() and int(names[at]) < len(value):
            _collect(value[int(names[at])], names, at + 1, found)
        for item in value[:_MOST_KEYS]:
            if isinstance(item, Mapping):
                _collect(item, names, at, found)


def array_prefix(document: object, path: str) -> str | None:
    """The shortest part of the path that holds an array in this document."""
    names = path.split(".")
    for at, name in enumerate(names):
        if not isinstance(document, Mapping) or name not in document:
            return None
        document = document[name]
        if isinstance(document, list | tuple):
            return None if at + 1 < len(names) and names[at + 1].isdigit() else ".".join(names[: at + 1])
    return None


class ParallelArraysError(ValueError):
    """Two arrays of one document cannot be in one index."""


Rest = tuple[str, ...]


def index_keys(document: object, paths: Sequence[str], fold: Fold | None = None) -> list[tuple[Key, ...]]:
    """The distinct keys of a document in an index over these paths, unsorted; raises `ParallelArraysError`."""
    keys = _expand([(document, tuple(path.split("."))) for path in paths], fold, 0)
    return keys if len(keys) == 1 else list(dict.fromkeys(keys))


def _expand(places: list[tuple[Any, Rest]], fold: Fold | None, depth: int) -> list[tuple[Key, ...]]:
    """`places`: for each field, where it has come to and the names still to go."""
    settled = [_descend(value, rest) for value, rest in places]
    arrays = [(value, rest) for value, rest in settled if isinstance(value, list | tuple)]
    if not arrays or depth > 5:
        return [tuple(_key(value, fold) for value, _ in settled)]
    array = arrays[0][0]
    if any(value is not array for value, _ in arrays):
        raise ParallelArraysError
    keys: list[tuple[Key, ...]] = []
    for item in array[:_MOST_KEYS] if array else (MISSING,):
        inner = [_into(value, rest, array, item) for value, rest in settled]
        keys.extend(_expand(inner, fold, depth + 1))
    return keys


def _into(value: Any, rest: Rest, array: object, item: Any) -> tuple[Any, Rest]:
    if value is not array:
        return value, rest
    if item is MISSING:
        return (_Empty if not rest else MISSING), ()
    if rest:
        return (item, rest) if isinstance(item, Mapping) else (MISSING, ())
    return (_Element(item), ()) if isinstance(item, list | tuple) else (item, ())


def lacks(value: object, names: Sequence[str], at: int = 0) -> bool:
    """Whether a document on the way has no such field; elements of an array that are no documents do not count."""
    if at == len(names):
        return False
    if isinstance(value, list | tuple):
        return any(lacks(item, names, at) for item in value[:_MOST_KEYS] if isinstance(item, Mapping))
    if not isinstance(value, Mapping) or names[at] not in value:
        return True
    return lacks(value[names[at]], names, at + 1)


class _Element:
    """An array inside an array: a value of its own."""

    def __init__(self, value: object) -> None:
        self.value = value


_Empty: Final = object()


def _descend(value: Any, rest: Rest) -> tuple[Any, Rest]:
    """Through documents, up to an array or to the end."""
    while rest and value is not MISSING and not isinstance(value, list | tuple):
        value = value.get(rest[0], MISSING) if isinstance(value, Mapping) else MISSING
        rest = rest[1:]
        if isinstance(value, list | tuple) and rest and rest[0].isdigit():
            value, rest = (value[int(rest[0])] if int(rest[0]) < len(value) else MISSING), rest[1:]
    return value, rest


def _key(value: Any, fold: Fold | None) -> Key:
    if value is MISSING:
        return NULL_KEY
    if value is _Empty:
        return UNDEFINED_KEY
    return order_key(value.value if isinstance(value, _Element) else value, fold)
