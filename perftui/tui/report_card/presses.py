"""Whether a press of the card's key asks for values and hosts: they must not reach the clipboard by accident."""

import math
from collections.abc import Hashable

AGAIN_AFTER_S, AGAIN_WITHIN_S = 0.5, 15.0


class CardPresses:
    """Only a second press does, at the same place, a moment after the first card was told."""

    def __init__(self) -> None:
        self.making = False
        self._heard_at = self._told_at = -math.inf
        self._heard_where: Hashable = None
        self._told_where: Hashable = None

    def press(self, where: Hashable, now: float) -> bool | None:
        """Whether the card is one with values; `None`: none is made for a key that is held or was pressed twice."""
        is_echo = where == self._heard_where and now - self._heard_at < AGAIN_AFTER_S
        self._heard_at, self._heard_where = now, where
        if self.making or is_echo:
            return None
        return where == self._told_where and now - self._told_at <= AGAIN_WITHIN_S

    def begin(self) -> None:
        """A card is being made."""
        self.making, self._told_where = True, None

    def end(self, where: Hashable, now: float) -> None:
        """Where the next press asks for values; `None`: nowhere."""
        self.making = False
        self._told_where = where
        self._told_at = now
        if where is not None:
            self._heard_at, self._heard_where = now, where
