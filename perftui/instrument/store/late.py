"""What is counted at a moment when no block can be made for it."""

from collections import deque
from collections.abc import Callable
from typing import Any

from perftui.instrument.store.block import Block
from perftui.instrument.store.kinds import Kind

_MOST_WAITING = 10_000
"""The registry's thread takes them up within a second; where it cannot run any more, only the newest are kept."""


class LateBlock(Block):
    """Stands for a block, remembers what it is told, and passes it on once there is one.

    Whoever was given it may keep it for as long as the process lives.
    """

    __slots__ = ("_real", "_waiting")

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._real: Block | None = None
        self._waiting: deque[Callable[[Block], Any]] = deque(maxlen=_MOST_WAITING)

    def settle(self, real: Block) -> None:
        """Pass on to this block what has waited, and all that comes."""
        self._real = real
        self._pass_on(real)

    def record(self, now: float, seconds: float, number: float = 0, counter: int = 0) -> None:
        self._tell(lambda block: block.record(now, seconds, number, counter))

    def add(self, counter: int, number: float = 1) -> None:
        self._tell(lambda block: block.add(counter, number))

    def adder(self, counter: int) -> Callable[[float], None]:
        return lambda number: self.add(counter, number)

    def set(self, gauge: int, value: float) -> None:
        self._tell(lambda block: block.set(gauge, value))

    def shift(self, gauge: int, by: float) -> None:
        self._tell(lambda block: block.shift(gauge, by))

    def rotate(self, now: float) -> bool:
        return self._real is not None and self._real.rotate(now)

    def _tell(self, told: Callable[[Block], Any]) -> None:
        self._waiting.append(told)
        # Looked at after the append: else it could be settled in between, and nobody would take this up.
        if self._real is not None:
            self._pass_on(self._real)

    def _pass_on(self, real: Block) -> None:
        while True:
            try:
                told = self._waiting.popleft()
            except IndexError:
                return
            told(real)
