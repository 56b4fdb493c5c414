"""What workers had counted that are gone: their figures live on, so that no counter ever falls."""

from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from perftui.instrument.store.cleared import series_name
from perftui.instrument.store.kinds import Kind
from perftui.instrument.store.tally import Tally
from perftui.instrument.store.view import KEPT_MINUTES, Part, Slot

EXITED = "exited"
"""In the place of a worker's identity."""


class Figures(msgspec.Struct, array_like=True):
    """A tally that can be written."""

    buckets: dict[int, int] = {}
    counters: dict[str, float] = {}
    sum_us: float = 0.0
    min_us: float = 0.0
    max_us: float = 0.0

    @classmethod
    def of(cls, tally: Tally) -> "Figures":
        return cls(tally.counts, tally.counters, tally.sum_us, min(tally.min_us, 1e12), tally.max_us)

    def tally(self) -> Tally:
        found = Tally()
        found.add(self.buckets.items(), self.counters.items(), self.sum_us)
        found.span(self.min_us, self.max_us)
        return found


class ExitedSeries(msgspec.Struct, array_like=True):
    """One series over all workers that are gone."""

    kind: Kind
    labels: tuple[str, ...]
    total: Figures
    last_at: float
    minutes: dict[int, Figures] = {}


class Exited(msgspec.Struct):
    """`folded` names the slabs that are in here, so that a fold that was interrupted is not done twice."""

    boot: str = ""
    folded: list[str] = []
    started: float = 0.0
    series: dict[str, ExitedSeries] = {}


class Folded(Protocol):
    """A slab that will not change any more."""

    id: str

    @property
    def started(self) -> float: ...
    def parts(self) -> Sequence[Part]: ...


def fold(exited: Exited, slab: Folded, this_minute: int) -> None:
    """Add a dead worker's figures."""
    for part in slab.parts():
        total = part.total()
        if not total:
            continue
        name = series_name(part.kind.name, part.labels)
        series = exited.series.get(name)
        if series is None:
            series = exited.series[name] = ExitedSeries(part.kind, part.labels, Figures(), 0.0)
        series.total = summed(series.total, total)
        series.last_at = max(series.last_at, part.last_at)
        for slot in part.slots(this_minute - KEPT_MINUTES):
            series.minutes[slot.minute] = summed(series.minutes.get(slot.minute), slot.tally)
    exited.started = min(exited.started or slab.started, slab.started)
    exited.folded.append(slab.id)


def summed(figures: Figures | None, tally: Tally) -> Figures:
    """Both together; without figures the tally."""
    whole = figures.tally() if figures and (figures.buckets or figures.counters) else Tally()
    whole.merge(tally)
    return Figures.of(whole)


class ExitedPart:
    """The share in a series of all workers that are gone."""

    gauges: Sequence[float] = ()

    def __init__(self, series: ExitedSeries) -> None:
        self._series = series
        self.kind, self.labels = series.kind, series.labels

    @property
    def last_at(self) -> float:
        return self._series.last_at

    def total(self) -> Tally:
        return self._series.total.tally()

    def slots(self, since_minute: int) -> Iterator[Slot]:
        for minute, figures in self._series.minutes.items():
            if minute >= since_minute:
                yield Slot(minute, figures.tally())
