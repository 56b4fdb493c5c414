"""One stretch of time under a timer, with its marks."""

from collections.abc import Callable
from typing import Generic, TypeVar

Clock = Callable[[], int]
"""Nanoseconds from any origin."""
Owner = TypeVar("Owner")


class Stretch(Generic[Owner]):
    """From its start to its end, or to now while it is open."""

    __slots__ = ("_clock", "_ended_ns", "_marks", "_started_ns", "owner")

    def __init__(self, owner: Owner, clock: Clock) -> None:
        self.owner = owner
        self._clock = clock
        self._ended_ns: int | None = None
        self._marks: dict[str, int] = {}
        self._started_ns = clock()

    def end(self, at_ns: int) -> int:
        """How many nanoseconds it took."""
        self._ended_ns = at_ns
        return at_ns - self._started_ns

    @property
    def nanoseconds(self) -> int:
        return (self._clock() if self._ended_ns is None else self._ended_ns) - self._started_ns

    def mark(self, name: str) -> None:
        self._marks[name] = self._clock()

    def between(self, start: str | None, end: str | None) -> int:
        """Nanoseconds; `None` is the start, or the end, of the stretch. Raises `KeyError` for an unknown mark."""
        begun = self._started_ns if start is None else self._marks[start]
        if end is not None:
            return self._marks[end] - begun
        return self._started_ns + self.nanoseconds - begun

    @property
    def marks(self) -> dict[str, int]:
        """Nanoseconds from the start, by name."""
        return {name: at - self._started_ns for name, at in self._marks.items()}
