"""Numeric history in rings of fixed size, derived from Snapshots alone, so that a replay has the same."""

import math
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from heapq import nlargest

from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import TargetKind
from perftui.monitor.metrics import METRICS, Group, Metric, metrics_of, subjects

SUBJECTS = 64
"""How many endpoints, shapes or caches of one target are kept; the one unseen for longest makes room."""
LONGEST_GAP_ROWS = 30

_GAP_INTERVALS = 2.5
_SAME_TICK = 0.5
_NAN = math.nan
_NEAR = 0.75
"""Of an interval: so far from its row a reading of the past may be."""
_BEFORE_ALL = -1
"""The sequence of rows from before the first Snapshot."""
_KINDS: tuple[TargetKind, ...] = ("mongodb", "redis", "application", "host")
_SINGLE = {kind: tuple(metric for metric in metrics_of(kind) if metric.group is None) for kind in _KINDS}
_MANY: dict[TargetKind, dict[Group, tuple[Metric, ...]]] = {
    kind: {
        group: tuple(metric for metric in metrics_of(kind) if metric.group == group)
        for group in sorted({metric.group for metric in metrics_of(kind) if metric.group is not None})
    }
    for kind in _KINDS
}

Rings = tuple["array[float]", ...]


class History:
    """One row a tick of every metric of every target: implements `feed.Series`.

    A Snapshot that follows another within half an interval replaces its row. A jump in time makes empty rows, at most
    `LONGEST_GAP_ROWS`. Values are single precision; an hour of one metric at one second is 14 KB.
    """

    def __init__(self, rows: int = 3600) -> None:
        self.rows = max(rows, 1)
        self._count = 0
        self._times = array("d", [_NAN]) * self.rows
        self._sequences = array("q", [0]) * self.rows
        self._targets: dict[str, tuple[tuple[Metric, ...], Rings]] = {}
        self._many: dict[tuple[str, Group], OrderedDict[str, Rings]] = {}

    def add(self, snapshot: Snapshot) -> None:
        """Take the next Snapshot; one that is older than the last, as after a seek back, is left out."""
        last = self._sequences[(self._count - 1) % self.rows] if self._count else None
        if last is not None and snapshot.sequence <= last:
            return
        self._make_row(snapshot, last)
        row = (self._count - 1) % self.rows
        self._forget_targets({state.target.id for state in snapshot.targets})
        for state in snapshot.targets:
            silent = {one.slot for one in state.sources if one.is_silent}
            self._add_single(state, silent, row)
            for group, metrics in _MANY[state.target.kind].items():
                if metrics[0].slot not in silent:
                    self._add_many(state, group, metrics, row)

    def values(
        self, target_id: str, metric: str, length: int, *, subject: str | None = None, until: int | None = None
    ) -> Sequence[float | None]:
        """As `feed.Series.values`. Raises `KeyError` for a metric that is not in `METRICS`."""
        ring = self._ring(target_id, METRICS[metric], subject)
        return [None] * length if ring is None else self._slice(ring, length, until)

    def times(self, length: int, *, until: int | None = None) -> Sequence[float | None]:
        return self._slice(self._times, length, until)

    def fill_past(self, past: Sequence[tuple[float, TargetState]], interval_s: float) -> int:
        """Put readings from before the first row in front of it, as far as there is room; returns how many were taken.

        They are in order of their times. A target whose past comes later than another's joins the rows that are there.
        """
        if not self._count or not past:
            return 0
        self._make_room(past[0][0], interval_s)
        taken = place = 0
        for row in self._rows_before_all():
            while place < len(past) - 1 and past[place + 1][0] <= self._times[row] + interval_s / 2:
                place += 1
            at, state = past[place]
            if abs(at - self._times[row]) <= interval_s * _NEAR:
                self._add_single(state, set(), row)
                taken += 1
        return taken

    def _rows_before_all(self) -> list[int]:
        kept = (index % self.rows for index in range(max(self._count - self.rows, 0), self._count))
        return [row for row in kept if self._sequences[row] == _BEFORE_ALL]

    def _make_room(self, since: float, interval_s: float) -> None:
        """Empty rows in front, one each interval from `since` on, as long as the ring has not gone round."""
        held, first_at = self._count, self._times[0]
        wanted = min(int((first_at - since) / interval_s), self.rows - held)
        if held >= self.rows or wanted <= 0:
            return
        for ring in self._all_rings():
            ring[wanted : wanted + held] = ring[:held]
            ring[:wanted] = array("f", [_NAN]) * wanted
        self._times[wanted : wanted + held] = self._times[:held]
        self._sequences[wanted : wanted + held] = self._sequences[:held]
        for row in range(wanted):
            self._times[row] = first_at - (wanted - row) * interval_s
            self._sequences[row] = _BEFORE_ALL
        self._count += wanted

    def _all_rings(self) -> Iterator["array[float]"]:
        for _, rings in self._targets.values():
            yield from rings
        for many in self._many.values():
            for rings in many.values():
                yield from rings

    def kept_bytes(self) -> int:
        """What the rings take."""
        rings = (*self._all_rings(), self._times)
        return sum(len(ring) * ring.itemsize for ring in rings) + len(self._sequences) * 8

    def _make_row(self, snapshot: Snapshot, last: int | None) -> None:
        if last is not None:
            step = snapshot.taken_at - self._times[(self._count - 1) % self.rows]
            if 0 <= step < _SAME_TICK * snapshot.interval_s:
                self._count -= 1
            elif step < 0 or step > _GAP_INTERVALS * snapshot.interval_s:
                missed = LONGEST_GAP_ROWS if step < 0 else round(step / snapshot.interval_s) - 1
                for _ in range(min(missed, LONGEST_GAP_ROWS, self.rows)):
                    self._new_row(snapshot.sequence, _NAN)
        self._new_row(snapshot.sequence, snapshot.taken_at)

    def _new_row(self, sequence: int, taken_at: float) -> None:
        row = self._count % self.rows
        self._count += 1
        self._sequences[row], self._times[row] = sequence, taken_at
        for _, rings in self._targets.values():
            for ring in rings:
                ring[row] = _NAN
        for many in self._many.values():
            for rings in many.values():
                for ring in rings:
                    ring[row] = _NAN

    def _forget_targets(self, present: set[str]) -> None:
        """A target that left keeps its rings only while there is room for twice the targets present."""
        if len(self._targets) <= 2 * max(len(present), 4):
            return
        for target_id in [name for name in self._targets if name not in present]:
            del self._targets[target_id]
            for key in [key for key in self._many if key[0] == target_id]:
                del self._many[key]

    def _add_single(self, state: TargetState, silent: set[str | None], row: int) -> None:
        kept = self._targets.get(state.target.id)
        if kept is None:
            metrics = _SINGLE[state.target.kind]
            kept = self._targets[state.target.id] = (metrics, self._new_rings(len(metrics)))
        for metric, ring in zip(*kept, strict=True):
            if metric.slot not in silent and (value := metric.read(state)) is not None:
                ring[row] = value

    def _add_many(self, state: TargetState, group: Group, metrics: tuple[Metric, ...], row: int) -> None:
        found = subjects(state, group)
        if not found:
            return
        kept = self._many.setdefault((state.target.id, group), OrderedDict())
        if len(found) > SUBJECTS:  # those already kept stay in front, or they would push each other out
            found = nlargest(SUBJECTS, found, key=lambda one: (one[0] in kept, one[2]))
        for name, one, _weight in found:
            rings = kept.get(name)
            if rings is None:
                rings = kept[name] = self._room_for(kept, len(metrics))
            kept.move_to_end(name)
            for metric, ring in zip(metrics, rings, strict=True):
                if metric.of is not None and (value := metric.of(one)) is not None:
                    ring[row] = value

    def _room_for(self, kept: OrderedDict[str, Rings], number: int) -> Rings:
        if len(kept) < SUBJECTS:
            return self._new_rings(number)
        _, rings = kept.popitem(last=False)
        for ring in rings:
            ring[:] = array("f", [_NAN]) * self.rows
        return rings

    def _new_rings(self, number: int) -> Rings:
        return tuple(array("f", [_NAN]) * self.rows for _ in range(number))

    def _ring(self, target_id: str, metric: Metric, subject: str | None) -> "array[float] | None":
        if metric.group is None:
            kept = self._targets.get(target_id)
            return kept[1][kept[0].index(metric)] if kept is not None and metric in kept[0] else None
        many = self._many.get((target_id, metric.group))
        rings = None if many is None else many.get(subject or "")
        return None if rings is None else rings[_MANY[metric.kind][metric.group].index(metric)]

    def _slice(self, ring: "array[float]", length: int, until: int | None) -> list[float | None]:
        oldest = max(self._count - self.rows, 0)
        end = self._count
        if until is not None:
            end = bisect_right(range(end), until, lo=oldest, key=lambda index: self._sequences[index % self.rows])
        begin = max(end - length, oldest)
        first, stop = begin % self.rows, end % self.rows
        part = ring[first:stop] if first < stop or begin == end else ring[first:] + ring[:stop]
        values = [value if value == value else None for value in part]
        return [None] * (length - len(values)) + values
