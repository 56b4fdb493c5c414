"""The source of a recognizer while it is written: conditions, and the values that they compare with.

No name and no value of a command becomes part of the source: each is a constant beside it, known by a number. So nobody
writes code by what they ask, and commands that differ only in their names share one compiled source.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from perftui.advice.shapes.skeleton_parts import Read, Tokens

Recognizer = Callable[[Any], Any]
"""Gives what is kept of a shape for the commands that have it, `None` for others."""
_MOST_LINES: Final = 200
_MOST_TEXT: Final = 4_000


class Unlearnable(Exception):  # noqa: N818 - an answer
    """No recognizer is written for this: the command's skeleton is read each time."""


class Source:
    """Conditions on `command`, each of which needs that those before it hold."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._constants: list[object] = []
        self._names: dict[str | type, str] = {}
        self._variables = self._text = 0
        self._margin = " " * 8

    def constant(self, value: object) -> str:
        """The name under which the source knows a value. Raises `Unlearnable` where its texts become too long."""
        if isinstance(value, str | type) and value in self._names:
            return self._names[value]
        self._constants.append(value)
        name = f"c{len(self._constants) - 1}"
        if isinstance(value, str | type):
            self._names[value] = name
            self._text += len(value) if isinstance(value, str) else 0
        if self._text > _MOST_TEXT:
            raise Unlearnable
        return name

    def variable(self, expression: str) -> str:
        """A name for what an expression gives."""
        name = f"v{self._variables}"
        self._variables += 1
        self._add(f"{name} = {expression}")
        return name

    def each(self, expression: str) -> str:
        """A name for each of several: all conditions from here on are on each."""
        name = f"v{self._variables}"
        self._variables += 1
        self._add(f"for {name} in {expression}:")
        self._margin += " " * 4
        return name

    def need(self, condition: str) -> None:
        """What holds for each command that is recognized."""
        self._add(f"if not ({condition}): return None")

    def need_same(self, read: Read, value: object, name: str) -> None:
        """That the reader finds in the variable what it finds in this value."""
        expected: Tokens = []
        read(value, expected)
        self.need(f"same({self.constant(read)}, {name}, {self.constant(expected)})")

    def compiled(self, kept: object) -> Recognizer:
        """Gives `kept` for the commands that meet all conditions."""
        names = "".join(f"c{at}, " for at in range(len(self._constants)))
        body = "".join(self._lines)
        text = f"def make({names}kept):\n    def recognize(command):\n{body}        return kept\n    return recognize\n"
        made: Recognizer = _maker(text)(*self._constants, kept)
        return made

    def _add(self, line: str) -> None:
        if len(self._lines) >= _MOST_LINES:
            raise Unlearnable
        self._lines.append(f"{self._margin}{line}\n")


def _same(read: Read, value: object, expected: Tokens) -> bool:
    found: Tokens = []
    read(value, found)
    return found == expected


@lru_cache(maxsize=256)
def _maker(text: str) -> Callable[..., Any]:
    space: dict[str, Any] = {"same": _same}
    exec(text, space)  # noqa: S102 - it holds nothing of a command, see above
    made: Callable[..., Any] = space["make"]
    return made
