"""What one shape did since a moment, and for how much of that time its short executions were kept too."""

from perftui.model.histogram import quantiles_us
from perftui.model.proof import Measured
from perftui.model.query import QuerySource
from perftui.monitor.digest_cells import SLOT_S, Cell, ShapeHistory

_RANGES = 20


class UnbiasedTimes:
    """For each database the stretches of time in which its profile kept executions however short they were."""

    def __init__(self) -> None:
        self._ranges: dict[str, list[tuple[float, float]]] = {}
        self._last_at: float | None = None

    def note(self, databases: tuple[str, ...], now: float) -> None:
        """At `now` a batch was read, and these databases are unbiased since the batch before."""
        since, self._last_at = self._last_at or now, now
        for name in databases:
            ranges = self._ranges.setdefault(name, [])
            if ranges and ranges[-1][1] >= since:
                ranges[-1] = (ranges[-1][0], now)
            else:
                ranges.append((since, now))
                del ranges[:-_RANGES]

    def forget_after(self, now: float) -> None:
        """The clock was set back to `now`: stretches after it lie in no time any more."""
        self._last_at = None if self._last_at is None else min(self._last_at, now)
        for name, ranges in self._ranges.items():
            self._ranges[name] = [(start, min(end, now)) for start, end in ranges if start < now]

    def slots(self, database: str, since: float) -> list[tuple[int, int]]:
        """Whole slots from `since` on that lie in such stretches, as first and last."""
        found = []
        for start, end in self._ranges.get(database, ()):
            first, last = int(-(-max(start, since) // SLOT_S)), int(end // SLOT_S)
            if last >= first:
                found.append((first, last))
        return found


def measured_since(
    shape: ShapeHistory, times: UnbiasedTimes, read_from: QuerySource, since: float, now: float
) -> Measured | None:
    """The executions from `since` on; where some of the time was unbiased, those of that time only."""
    first = int(-(-since // SLOT_S))
    slots = times.slots(shape.ns.partition(".")[0], since)
    total = Cell()
    for slot, cell in shape.cells.items():
        if slot >= first and (not slots or any(start <= slot <= end for start, end in slots)):
            total.merge(cell)
    if not total.count:
        return None
    plans = shape.plans(first)
    p50, p95 = (us / 1000 for us in quantiles_us(sorted(total.histogram.items()), (0.5, 0.95)))
    return Measured(
        read_from=read_from,
        only_slow=not slots,
        since=since,
        until=now,
        executions=total.count,
        p50_ms=min(p50, total.longest_ms),
        p95_ms=min(p95, total.longest_ms),
        keys_examined=None if total.keys is None else total.keys / total.count,
        documents_examined=None if total.documents is None else total.documents / total.count,
        plan=plans[0] if plans else None,
    )
