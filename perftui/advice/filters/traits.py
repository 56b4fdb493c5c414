"""What in a filter's values makes a query dear whatever the index: patterns, long lists, JavaScript."""

from collections.abc import Mapping
from typing import NamedTuple

from perftui.advice.shapes.values import is_operator_document, regex_class, regex_of

_JAVASCRIPT = frozenset(("$where", "$function", "$accumulator"))
_LOGICAL = frozenset(("$and", "$or", "$nor"))
_NODES = 2000
_DEPTH = 40


class Regex(NamedTuple):
    field: str
    anchored: bool
    """It begins with a literal prefix, so that an index is read only there."""
    insensitive: bool


class InList(NamedTuple):
    field: str
    values: int


class FilterTraits:
    """Reads any number of filters, a bounded part of each; what cannot be understood is left out."""

    __slots__ = ("_left", "fields", "javascript", "lists", "regexes")

    def __init__(self) -> None:
        self.fields: dict[str, None] = {}
        """Paths that are asked for, in the order seen; those of `$or` and `$elemMatch` too."""
        self.regexes: dict[Regex, None] = {}
        self.lists: list[InList] = []
        self.javascript: str | None = None
        """The operator that runs it."""
        self._left = _NODES

    def read(self, query: Mapping[str, object], prefix: str = "", depth: int = 0) -> None:
        """Add what this filter holds."""
        for key, value in query.items():
            self._left -= 1
            if self._left < 0 or depth > _DEPTH:
                return
            name = str(key)
            if name in _LOGICAL and isinstance(value, list | tuple):
                for branch in value[:_NODES]:
                    if isinstance(branch, Mapping):
                        self.read(branch, prefix, depth + 1)
            elif name in ("$where", "$expr"):
                self.javascript = self.javascript or javascript_in({name: value})
            elif name[:1] != "$":
                self._field(prefix + name, value, depth)

    def _field(self, path: str, value: object, depth: int) -> None:
        self.fields[path] = None
        if not isinstance(value, Mapping) or not is_operator_document(value):
            self._pattern(path, value)
            return
        for operator, operand in value.items():
            self._left -= 1
            if self._left < 0 or depth > _DEPTH:
                return
            self._operator(path, str(operator), operand, value, depth + 1)

    def _operator(self, path: str, name: str, operand: object, whole: Mapping[str, object], depth: int) -> None:
        if name == "$regex":
            pattern, flags = regex_of(operand) or (str(operand), "")
            self._regex(path, pattern, flags + str(whole.get("$options", "")))
        elif name == "$in" and isinstance(operand, list | tuple):
            self.lists.append(InList(path, len(operand)))
            for item in operand[:_NODES]:
                if not isinstance(item, str | int | float):
                    self._pattern(path, item)
        elif name == "$not":
            self._field(path, operand, depth)
        elif name == "$elemMatch" and isinstance(operand, Mapping):
            if is_operator_document(operand):
                self._field(path, operand, depth)
            else:
                self.read(operand, path + ".", depth)

    def _pattern(self, path: str, value: object) -> None:
        found = regex_of(value) if not isinstance(value, str) else None
        if found is not None:
            self._regex(path, *found)

    def _regex(self, path: str, pattern: str, flags: str) -> None:
        told = regex_class(pattern, flags)
        self.regexes[Regex(path, told.startswith("/^"), told.endswith("i"))] = None


def javascript_in(value: object) -> str | None:
    """The operator that runs JavaScript, anywhere in a filter or a pipeline; looks at a bounded part."""
    waiting, left = [value], _NODES
    while waiting and left > 0:
        left -= 1
        item = waiting.pop()
        if isinstance(item, Mapping):
            found = _JAVASCRIPT & set(map(str, item))
            if found:
                return min(found)
            waiting.extend(item.values())
        elif isinstance(item, list | tuple):
            waiting.extend(item[:_NODES])
    return None
