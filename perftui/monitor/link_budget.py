"""How often what comes through a bastion is read, so that a slow link carries it: the small ones as often as ever."""

import time
from collections.abc import Callable, Collection, Iterable

from perftui.monitor.polling import Polling

_MEASURED_EVERY_S = 10.0
_FIRST_RATIO, _LEAST_RATIO, _MOST_RATIO = 1.0, 0.02, 3.0
_WEIGHT = 0.5


class LinkBudget:
    """`carried` gives the bytes that the link has brought so far, where that can be told: answers are compressed."""

    def __init__(
        self, limit: int, carried: Callable[[], int | None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._carried, self._clock = limit, carried, clock
        self._ratio, self._measured = _FIRST_RATIO, False
        self._before: tuple[float, int, int] | None = None

    def share_out(self, pollings: Collection[Polling]) -> None:
        """Stretch the intervals of those that want more than there is for each."""
        self._measure(sum(polling.received_in_all for polling in pollings))
        wanted = {polling: polling.wanted_bytes_per_s * self._ratio for polling in pollings}
        level = share_of_each(wanted.values(), self._limit)
        for polling, bytes_per_s in wanted.items():
            polling.stretch = max(1.0, bytes_per_s / level)

    def _measure(self, received: int) -> None:
        """How many bytes of the link an answer's byte is."""
        now, before = self._clock(), self._before
        if before is not None and now - before[0] < _MEASURED_EVERY_S:
            return
        carried = self._carried()
        if carried is None:
            return
        self._before = now, carried, received
        if before is not None and received > before[2] and carried >= before[1]:
            ratio = min(max((carried - before[1]) / (received - before[2]), _LEAST_RATIO), _MOST_RATIO)
            self._ratio += (_WEIGHT if self._measured else 1.0) * (ratio - self._ratio)
            self._measured = True


def share_of_each(wanted: Iterable[float], limit: float) -> float:
    """The most that each may have, so that all have at most `limit` together; what one leaves is for the others."""
    rest, left = sorted(wanted), limit
    while rest:
        share = left / len(rest)
        if rest[0] > share:
            return share
        left -= rest.pop(0)
    return limit
