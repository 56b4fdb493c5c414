"""What the skeletons of commands are made of: interned kinds of documents, and the bounds of reading them."""

import datetime
import uuid
from collections.abc import Callable
from typing import Any, ClassVar, Final

MOST_TOKENS: Final = 300
"""Below a shape's own bound on nodes: within it no shape is cut, so that nothing depends on how long a list is."""
LONGEST_TEXT: Final = 200
_MOST_NAMES: Final = 60
_LONGEST_NAMES: Final = 2_000
_MOST_KEPT_NAMES: Final = 20_000
_BSON_PLAIN: Final = frozenset(
    ("ObjectId", "Decimal128", "Binary", "Timestamp", "Int64", "MinKey", "MaxKey", "DatetimeMS", "Code")
)

Tokens = list[object]
Read = Callable[[Any, Tokens], None]
"""Appends what a shape depends on in one value, so that no two different values give the same tokens."""
Choose = Callable[[str, type], Read | None]
"""How the value of this name and type is read; `None` where its type says it all."""


class Unusual(Exception):  # noqa: N818 - not an error
    """This command has no skeleton: its shape is worked out anew."""


class Node:
    """One kind of document. Equal ones are the same object while they are remembered."""

    __slots__ = ("inner",)

    def __init__(self, inner: tuple[tuple[str, Read], ...]) -> None:
        self.inner = inner


class Nodes:
    """Remembers kinds of documents by their names and the types of their values, bounded."""

    __slots__ = ("_choose", "_names", "found", "read")
    of_reader: ClassVar[dict[Read, "Nodes"]] = {}
    """By their `read`."""

    def __init__(self, choose: Choose) -> None:
        self._choose = choose
        self._names = 0
        self.found: dict[tuple[object, ...], Node] = {}
        self.read = self._reader()
        """Appends a document's kind, and what matters of its values."""
        self.of_reader[self.read] = self

    def inner(self, document: dict[str, Any]) -> tuple[tuple[str, Read], ...]:
        """Which of its values are read, and how. Raises `Unusual`."""
        return (self.found.get((*document, *map(type, document.values()))) or self._make(document)).inner

    def _reader(self) -> Read:
        get, make = self.found.get, self._make

        def read(document: dict[str, Any], tokens: Tokens) -> None:
            # Names, then types: half of the key is either, so no two kinds share one.
            node = get((*document, *map(type, document.values()))) or make(document)
            tokens.append(node)
            inner = node.inner
            if inner:
                for name, read_value in inner:
                    read_value(document[name], tokens)
                if len(tokens) > MOST_TOKENS:
                    raise Unusual

        return read

    def _make(self, document: dict[str, Any]) -> Node:
        names, types = tuple(document), tuple(map(type, document.values()))
        if len(names) > _MOST_NAMES or any(type(name) is not str for name in names):
            raise Unusual
        if sum(map(len, names)) > _LONGEST_NAMES:
            raise Unusual
        chosen = ((name, self._choose(name, kind)) for name, kind in zip(names, types, strict=True))
        node = Node(tuple((name, read) for name, read in chosen if read is not None))
        self._names += len(names) + 1
        if self._names > _MOST_KEPT_NAMES:
            self.found.clear()
            self._names = len(names) + 1
        self.found[*names, *types] = node
        return node


def is_document(kind: type) -> bool:
    """Of a type whose order of names is its own, and whose items cost nothing to read."""
    return kind is dict or (kind.__name__ in ("SON", "OrderedDict") and issubclass(kind, dict))


def is_list(kind: type) -> bool:
    return kind is list or kind is tuple


def is_plain(kind: type) -> bool:
    """Of a type whose values are all alike to a filter."""
    if issubclass(kind, str | int | float) or kind in _PLAIN:
        return True
    return kind.__module__.startswith("bson.") and kind.__name__ in _BSON_PLAIN


def is_regex(kind: type) -> bool:
    return (kind.__module__, kind.__name__) in (("re", "Pattern"), ("bson.regex", "Regex"))


def unusual(_value: object, _tokens: Tokens) -> None:
    """Reads what has no skeleton."""
    raise Unusual


def short(text: str) -> str:
    """A text that is kept whole."""
    if len(text) > LONGEST_TEXT:
        raise Unusual
    return text


def truth(value: object, tokens: Tokens) -> None:
    tokens.append(bool(value))


_PLAIN: Final = frozenset((type(None), bytes, datetime.datetime, uuid.UUID))
