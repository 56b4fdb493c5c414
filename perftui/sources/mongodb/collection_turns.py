"""Which collections are read next: all of a bounded choice once a round, a few at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from itertools import groupby

from perftui.model.index import CollectionKind
from perftui.sources.mongodb.reads import split_namespace

MOST_COLLECTIONS = 100
_IN_TURN = 20
"""Of so many, where there are more, others are chosen again and again."""
_ROUNDS_OF_A_TURN = 2
"""A rate takes two readings."""
_ROUND_S = 30.0
_A_POLL = 10
_SIZES_S = 300.0
_SCANNED_S = 4.0


class CollectionTurns:
    """Times are monotonic seconds."""

    def __init__(self, most: int = MOST_COLLECTIONS) -> None:
        self._most = most
        self._waiting: list[str] = []
        self._next_round_at = self._next_scanned_at = 0.0
        self._rounds = 0
        self._sizes_at: dict[str, float] = {}
        self.chosen: tuple[str, ...] = ()

    @property
    def round_is_due(self) -> bool:
        return not self._waiting and time.monotonic() >= self._next_round_at

    @property
    def round_is_over(self) -> bool:
        return not self._waiting

    def round_s(self, interval_s: float) -> float:
        """How long all that is chosen takes, where a poll comes so often."""
        return max(_ROUND_S, interval_s * -(-len(self.chosen) // _A_POLL))

    def hurry(self) -> None:
        self._next_round_at = 0.0

    def start_round(self, kinds: Mapping[str, CollectionKind], busy: Sequence[str]) -> None:
        """Choose anew: the busy ones first, then the others in turn; a view has nothing to read."""
        self._next_round_at = time.monotonic() + _ROUND_S
        readable = [ns for ns, kind in kinds.items() if kind != "view"]
        self.chosen = tuple(self._choose(readable, busy))
        self._waiting = sorted(self.chosen)
        self._sizes_at = {ns: at for ns, at in self._sizes_at.items() if ns in set(self.chosen)}
        self._rounds += 1

    def needs_choice(self, kinds: Mapping[str, CollectionKind]) -> bool:
        """Whether there are more than can be read."""
        return len(kinds) > self._most

    def next_ones(self) -> list[tuple[str, list[tuple[str, bool]]]]:
        """By database: a few names, and whether their sizes are due."""
        now, self._waiting = self._waiting[:_A_POLL], self._waiting[_A_POLL:]
        moment = time.monotonic()
        return [
            (database, [(split_namespace(ns)[1], self._sizes_are_due(ns, moment)) for ns in group])
            for database, group in groupby(now, key=lambda ns: split_namespace(ns)[0])
        ]

    def scanned_ones(self, namespaces: Sequence[str]) -> list[tuple[str, list[tuple[str, bool]]]]:
        """By database, without sizes: what is read between the rounds, while the server scans collections."""
        moment = time.monotonic()
        if self._waiting or moment < self._next_scanned_at:
            return []
        self._next_scanned_at = moment + _SCANNED_S
        wanted = sorted(ns for ns in namespaces if ns in self.chosen)
        return [
            (database, [(split_namespace(ns)[1], False) for ns in group])
            for database, group in groupby(wanted, key=lambda ns: split_namespace(ns)[0])
        ]

    def want_sizes(self, ns: str) -> None:
        """Read its sizes with the next round."""
        self._sizes_at.pop(ns, None)

    def _sizes_are_due(self, ns: str, moment: float) -> bool:
        if moment < self._sizes_at.get(ns, 0.0):
            return False
        self._sizes_at[ns] = moment + _SIZES_S
        return True

    def _choose(self, readable: list[str], busy: Sequence[str]) -> list[str]:
        if len(readable) <= self._most:
            return readable
        there = set(readable)
        first = [ns for ns in dict.fromkeys(busy) if ns in there][: self._most - _IN_TURN]
        known = set(first)
        others = [ns for ns in readable if ns not in known]
        room = self._most - len(first)
        start = self._rounds // _ROUNDS_OF_A_TURN * room % len(others)
        return first + (others[start:] + others[:start])[:room]
