"""Shapes of commands as a driver sends them, each worked out once: what a command's skeleton has is remembered."""

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

from perftui.advice.shapes.recognizer import NAMES, any_of, learn
from perftui.advice.shapes.recognizer_source import Recognizer
from perftui.advice.shapes.shape import Shape, shape_of
from perftui.advice.shapes.skeleton_command import COMMANDS
from perftui.advice.shapes.skeleton_parts import Tokens, Unusual

_MOST_SHAPES: Final = 2_000
_MOST_KEPT_TOKENS: Final = 50_000
_MOST_LEARNED: Final = 500
_MOST_ALIKE: Final = 8
"""Recognizers for the same names: of values of other types, of other orders."""
_LEARN_AFTER: Final = 8
Kept = TypeVar("Kept")
Key = tuple[object, ...]


class _Known(Generic[Kept]):
    """What is kept of a skeleton, and how often it was asked for."""

    __slots__ = ("asked", "kept")

    def __init__(self, kept: Kept) -> None:
        self.kept, self.asked = kept, 0


class ShapeMemo(Generic[Kept]):
    """From a command to what `make` makes of its shape. Bounded; safe between threads: at worst made twice.

    A command is looked for among the recognizers of its names first. What none of them takes is looked for by its
    skeleton, and a skeleton that is asked for often gets a recognizer: what is asked once or twice never costs that.
    """

    def __init__(self, make: Callable[[Shape], Kept], *, learn_after: int = _LEARN_AFTER) -> None:
        self._make, self._learn_after = make, learn_after
        self._found: dict[Key, _Known[Kept]] = {}
        self._recognizers: dict[Key, Recognizer] = {}
        self._alike: dict[Key, tuple[Recognizer, ...]] = {}
        self._tokens = self.learned = 0

    def of(self, command: Mapping[str, Any], name: str, database: str) -> Kept:
        """Of the command that `name`, its first key, says, on a collection of this database."""
        collection = command[name]
        try:
            kept: Kept | None = self._recognizers[name, database, collection, *NAMES[name](command)](command)
        except (Unusual, KeyError, TypeError, RecursionError):
            kept = None  # its skeleton tells, or the shape itself
        return self._by_skeleton(command, name, database, collection) if kept is None else kept

    def clear(self) -> None:
        """Forget all."""
        self._found, self._recognizers, self._alike = {}, {}, {}
        self._tokens = self.learned = 0

    def __len__(self) -> int:
        return len(self._found)

    def _by_skeleton(self, command: Mapping[str, Any], name: str, database: str, collection: object) -> Kept:
        try:
            tokens: Tokens = [name, database, collection]
            COMMANDS[name](command, tokens)
            key = tuple(tokens)
            known = self._found.get(key) or self._keep(key, command)
        except (Unusual, KeyError, TypeError, RecursionError):
            return self._make(shape_of(command, namespace(database, collection)))
        known.asked += 1
        if known.asked == self._learn_after and self.learned < _MOST_LEARNED:
            self._learn(command, name, key[:3], known.kept)
        return known.kept

    def _keep(self, key: Key, command: Mapping[str, Any]) -> _Known[Kept]:
        found = _Known(self._make(shape_of(command, namespace(str(key[1]), key[2]))))
        if len(self) >= _MOST_SHAPES or self._tokens > _MOST_KEPT_TOKENS:
            self.clear()
        self._tokens += len(key)
        self._found[key] = found
        return found

    def _learn(self, command: Mapping[str, Any], name: str, about: Key, kept: Kept) -> None:
        recognize = learn(command, name, kept)
        if recognize is None:
            return
        asked = (*about, *NAMES[name](command))
        alike = (*self._alike.get(asked, ()), recognize)
        if len(alike) <= _MOST_ALIKE:
            self._alike[asked], self._recognizers[asked] = alike, any_of(alike)
            self.learned += 1


def namespace(database: str, collection: object) -> str:
    """As the server names it: an aggregate on the database itself has no collection."""
    return f"{database}.{collection}" if isinstance(collection, str) else f"{database}.$cmd.aggregate"
