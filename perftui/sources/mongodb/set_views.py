"""How far a set's writes have got, from whichever member knows most of it: one that is cut off knows only its own."""

import time
from datetime import datetime
from typing import NamedTuple

_HELD_S = 15.0
_HELD_INTERVALS = 3


class View(NamedTuple):
    """What one member says of its set. Of two views the one of the later term, then of the later write, knows more."""

    term: int
    newest: datetime
    """The last write that any member is known to have applied, by the primary's clock."""


class SetViews:
    """The best view that the members of one set gave lately."""

    def __init__(self) -> None:
        self._best: View | None = None
        self._best_from = ""
        self._best_at = 0.0
        self._offered_at: dict[str, float] = {}

    def offer(self, member: str, view: View) -> bool:
        """Take this member's view unless a better one is known; says whether it was taken."""
        now = time.monotonic()
        between_s = now - self._offered_at.get(member, now)
        self._offered_at[member] = now
        # A better view that is not renewed counts as long as a member that is read as often may need to renew it.
        is_held = member != self._best_from and now - self._best_at < max(_HELD_S, _HELD_INTERVALS * between_s)
        if self._best is not None and view < self._best and is_held:
            return False
        self._best, self._best_from, self._best_at = view, member, now
        return True

    @property
    def newest(self) -> datetime | None:
        """The set's last write, as far as is known."""
        return None if self._best is None else self._best.newest
