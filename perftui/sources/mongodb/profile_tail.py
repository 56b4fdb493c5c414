"""Which entries of a profile are new: none lost, none doubled, whatever their order and the server's clock."""

from collections import Counter
from typing import NamedTuple

OVERLAP_S = 2.0
"""How far each read goes back beyond the newest entry: entries become visible out of their order."""

_MANY = 2000
_BUSY_OVERLAP_S = 0.5
"""Of a profile so busy that two seconds of it are megabytes; entries were never seen more than 7 ms out of order."""


class Stored(NamedTuple):
    """One document of a profile, not yet decoded."""

    at: float
    document: bytes


class Look(NamedTuple):
    """What a read tells."""

    fresh: list[Stored]
    """Newest first."""
    reached: bool
    """The read went back to where the one before ended, so nothing lies beyond it."""
    met: bool
    """At least one entry was known already: nothing between it and the newest was overwritten."""


class ProfileTail:
    """The place reached in one database's profile. Equal documents are told apart by their number."""

    def __init__(self) -> None:
        self._newest_at: float | None = None
        self._seen: dict[int, tuple[int, float]] = {}
        self._overlap_s = OVERLAP_S

    @property
    def started(self) -> bool:
        """True once any entry was seen."""
        return self._newest_at is not None

    @property
    def overlapping(self) -> int:
        """How many known entries the next read has to go through."""
        return sum(number for number, at in self._seen.values() if self._overlaps(at))

    def look(self, entries: list[Stored]) -> Look:
        """Find what is new in `entries` (newest first); changes nothing."""
        fresh: list[Stored] = []
        left = {key: number for key, (number, _) in self._seen.items()}
        met = False
        for entry in entries:
            if met and not self._overlaps(entry.at):
                return Look(fresh, True, met)
            key = hash(entry.document)
            if left.get(key, 0) > 0:
                left[key] -= 1
                met = True
            else:
                fresh.append(entry)
        return Look(fresh, False, met)

    def _overlaps(self, at: float) -> bool:
        """Neither older than the overlap nor from before the server's clock was set back."""
        return self._newest_at is None or abs(at - self._newest_at) <= self._overlap_s

    def settle(self) -> None:
        """Nothing came for longer than the overlap: no late entry can be missing any more."""
        self._overlap_s = 0.0

    def advance(self, entries: list[Stored]) -> None:
        """Take `entries` (newest first) as read."""
        if not entries:
            return
        self._overlap_s = OVERLAP_S
        newest = entries[0].at
        if self._newest_at is None or newest < self._newest_at - OVERLAP_S:
            self._newest_at = newest
        else:
            self._newest_at = max(self._newest_at, newest)
        since = self._newest_at - OVERLAP_S
        known = {key: (number, at) for key, (number, at) in self._seen.items() if at >= since}
        times = {hash(document): at for at, document in entries if at >= since}
        for key, number in Counter(hash(document) for at, document in entries if at >= since).items():
            known[key] = max(number, known.get(key, (0, 0.0))[0]), times[key]
        self._seen = known
        if len(known) > _MANY:
            self._overlap_s = _BUSY_OVERLAP_S
