"""The figures of all workers at one moment."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from perftui.instrument.store.block import SLOT_S
from perftui.instrument.store.cleared import Cleared, series_name
from perftui.instrument.store.tally import Tally, merged
from perftui.instrument.store.view import Part, Slot, Worker


class Source(NamedTuple):
    """One worker's slab, or all that are gone."""

    id: str
    parts: Sequence[Part]
    started: float
    history_since: int
    """The first minute of which all is known; 0: since it started."""


class SeriesReading:
    """One thing's figures: `labels` in the order of its kind's."""

    def __init__(self, name: str, labels: tuple[str, ...], cleared: Cleared) -> None:
        self.name, self.labels = name, labels
        self._cleared = cleared
        self._shares: list[tuple[str, Part]] = []
        self._kept: tuple[int, list[Slot]] | None = None

    def share(self, worker: str, part: Part) -> None:
        """Add one worker's part."""
        self._shares.append((worker, part))

    @property
    def gauges(self) -> dict[str, float]:
        """Summed over the workers that live."""
        found: dict[str, float] = {}
        for _, part in self._shares:
            for name, value in zip(part.kind.gauges, part.gauges, strict=False):
                found[name] = found.get(name, 0.0) + value
        return found

    @property
    def last_at(self) -> float:
        """When a duration was last counted, on the monotonic clock; 0: never."""
        return max((part.last_at for _, part in self._shares), default=0.0)

    @property
    def total(self) -> Tally:
        """Since the application began; a clear leaves it."""
        return merged(part.total() for _, part in self._shares)

    def window(self, since_minute: int) -> Tally:
        """From the beginning of this minute (monotonic seconds / 60) or from the last clear on."""
        section = self._shares[0][1].kind.section
        cleared_at = self._cleared.at(section)
        if since_minute * SLOT_S < cleared_at:
            return merged(self._since_clear(section, worker, part) for worker, part in self._shares)
        return merged(slot.tally for slot in self._slots(since_minute))

    def count(self, since_minute: int) -> int:
        """How many durations the window has, without the rest of it."""
        if since_minute * SLOT_S < self._cleared.at(self._shares[0][1].kind.section):
            return self.window(since_minute).count
        return sum(slot.tally.count for slot in self._slots(since_minute))

    def _slots(self, since_minute: int) -> Iterator[Slot]:
        """What was read for a longer window is kept: a document asks for several."""
        if self._kept is None or since_minute < self._kept[0]:
            self._kept = since_minute, [slot for _, part in self._shares for slot in part.slots(since_minute)]
        return (slot for slot in self._kept[1] if slot.minute >= since_minute)

    def _since_clear(self, section: str, worker: str, part: Part) -> Tally:
        before = self._cleared.before(section, worker, series_name(self.name, self.labels))
        total = part.total()
        if before is None:
            return total
        minute = int(self._cleared.at(section) // SLOT_S)
        total.min_us, total.max_us = float("inf"), 0.0
        for slot in part.slots(minute):
            total.span(slot.tally.min_us, slot.tally.max_us)
        return total.less(before)


class Reading:
    """What `Registry.read` gives: series by kind, samples, workers."""

    def __init__(
        self,
        sources: Sequence[Source],
        workers: Sequence[Worker],
        sides: Sequence[tuple[Worker, dict[str, Any]]],
        cleared: Cleared,
        *,
        complete: bool,
    ) -> None:
        self.now, self.wall = time.monotonic(), time.time()
        self.sources, self.workers, self.cleared, self.complete = sources, workers, cleared, complete
        self._sides = sides
        self._series: dict[str, dict[tuple[str, ...], SeriesReading]] = {}
        for source in sources:
            for part in source.parts:
                named = self._series.setdefault(part.kind.name, {})
                series = named.get(part.labels)
                if series is None:
                    series = named[part.labels] = SeriesReading(part.kind.name, part.labels, cleared)
                series.share(source.id, part)

    def series(self, kind: str) -> list[SeriesReading]:
        """All series of a kind, by its name."""
        return list(self._series.get(kind, {}).values())

    def one(self, kind: str, *labels: str) -> SeriesReading | None:
        """The series with these labels."""
        return self._series.get(kind, {}).get(labels)

    def side(self, name: str) -> list[tuple[Worker, Any]]:
        """The samples that each worker published under a name."""
        return [(worker, values[name]) for worker, values in self._sides if name in values]

    def since_minute(self, minutes: int) -> int:
        """Where a window of the running minute and as many whole ones before it begins."""
        return int(self.now // SLOT_S) - minutes

    def covered_s(self, section: str, since_minute: int) -> float:
        """How long the figures of such a window really reach back, in seconds; at least a nanosecond."""
        started = min((source.started for source in self.sources), default=self.now)
        known = max((source.history_since for source in self.sources), default=0) * SLOT_S
        return max(self.now - max(since_minute * SLOT_S, self.cleared.at(section), started, known), 1e-9)

    def wall_at(self, monotonic: float) -> float | None:
        """As wall clock; `None` for 0, which means never."""
        return self.wall - (self.now - monotonic) if monotonic else None
