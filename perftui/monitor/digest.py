"""Slow queries added up by shape, over windows that slide, in bounded memory."""

import time
from collections.abc import Callable
from typing import NamedTuple

from msgspec.structs import replace

from perftui.model.proof import Measured
from perftui.model.query import DigestRow, QueryDigest, QuerySource, SlowQuery, SlowQueryBatch
from perftui.monitor.digest_cells import SLOT_S, SLOTS_A_MINUTE, ShapeHistory
from perftui.monitor.digest_judging import Judge
from perftui.monitor.digest_rows import OVERFLOW_ID, digest_row
from perftui.monitor.digest_since import UnbiasedTimes, measured_since

KEPT_S = 3600 + SLOT_S
_CELLS = 20_000
_RAW_BYTES = 4 * 1024 * 1024
_FUTURE_S = 60.0
_FINE_S = 900 + 60
"""Older slots are kept by the minute."""
_SET_BACK_S = 60.0
"""A clock that falls back further than this was set; by less, two of our own readings may differ."""


class _Made(NamedTuple):
    key: tuple[int, int, int]
    row: DigestRow


class Digest:
    """The shapes of one member. Times are the server's.

    At most `bound` shapes are told apart within the hour that is kept; all others share one overflow row.
    """

    def __init__(self, bound: int = 500) -> None:
        self._bound = bound
        self._shapes: dict[str, ShapeHistory] = {}
        self._made: dict[str, _Made] = {}
        self._lost: dict[int, int | None] = {}
        self._cells = self._raw_bytes = 0
        self._watched_from: float | None = None
        self._last_now: float | None = None
        self._oldest_slot = self._folded_to = 0
        self._read_from: QuerySource = "none"
        self._databases: tuple[str, ...] = ()
        self._unbiased: tuple[str, ...] = ()
        self._unbiased_times = UnbiasedTimes()
        self._last: QueryDigest | None = None
        self.judge = Judge()

    def add(self, batch: SlowQueryBatch, now: float | None = None) -> None:
        """Take what one poll found; `now` is the server's time of the poll."""
        now = time.time() if now is None else now
        self._follow_clock(now)
        self._read_from, self._databases, self._unbiased = batch.read_from, batch.databases, batch.unbiased
        self._unbiased_times.note(batch.unbiased, now)
        since = min([entry.at for entry in batch.entries if entry.at > 0] or [now]) if batch.backlog else now
        if batch.read_from != "none":
            self._watched_from = since if self._watched_from is None else min(self._watched_from, since)
        if batch.lost_entries != 0:
            self._note_lost(batch.lost_entries, now)
        if self._raw_bytes > _RAW_BYTES:
            self._raw_bytes -= sum(shape.strip() for shape in self._shapes.values())
        self._fold(now)
        for entry in batch.entries:
            self._add(entry, now)
        if self._cells > _CELLS:
            self._shrink()

    def _note_lost(self, number: int | None, now: float) -> None:
        slot = int(now // SLOT_S)
        before = self._lost.get(slot, 0)
        self._lost[slot] = None if number is None or before is None else before + number

    def _fold(self, now: float) -> None:
        """Time only goes on: what is older than any fine window is kept by the minute from here on."""
        fine_from = int((now - _FINE_S) // SLOT_S) // SLOTS_A_MINUTE * SLOTS_A_MINUTE
        start = self._folded_to or min((min(shape.cells) for shape in self._shapes.values()), default=fine_from)
        start -= start % SLOTS_A_MINUTE
        for minute in range(max(start, fine_from - int(KEPT_S // SLOT_S)), fine_from, SLOTS_A_MINUTE):
            self._cells -= sum(shape.fold(minute) for shape in self._shapes.values())
        self._folded_to = max(self._folded_to, fine_from)

    def _add(self, entry: SlowQuery, now: float) -> None:
        at = now if entry.at <= 0 or entry.at > now + _FUTURE_S else entry.at
        slot = int(at // SLOT_S)
        if slot < self._folded_to:
            slot -= slot % SLOTS_A_MINUTE
        if slot < max(self._oldest_slot, int((now - KEPT_S) // SLOT_S)):
            return
        shape = self._shapes.get(entry.shape_id)
        if shape is None:
            shape = self._new_shape(entry)
        had = len(shape.cells)
        if self._raw_bytes > _RAW_BYTES:
            entry = replace(entry, raw="")
        self._raw_bytes += shape.add(entry if at == entry.at else replace(entry, at=at), slot)
        self._cells += len(shape.cells) - had

    def _new_shape(self, entry: SlowQuery) -> ShapeHistory:
        if len(self._shapes) >= self._bound:
            entry = replace(entry, shape_id=OVERFLOW_ID, ns="", op="unknown", shape=f"shapes beyond {self._bound}")
            if OVERFLOW_ID in self._shapes:
                return self._shapes[OVERFLOW_ID]
        shape = self._shapes[entry.shape_id] = ShapeHistory(entry)
        return shape

    def _shrink(self) -> None:
        """Give up the oldest quarter of the slots; `covered_s` says so."""
        slots = sorted({slot for shape in self._shapes.values() for slot in shape.cells})
        self._forget_before(slots[len(slots) // 4 + 1] if len(slots) > 1 else slots[0] + 1)

    def _forget_before(self, slot: int) -> None:
        if slot <= self._oldest_slot:
            return
        self._oldest_slot = slot
        self._drop(lambda shape: shape.drop_before(slot))
        self._lost = {key: number for key, number in self._lost.items() if key >= slot}

    def _follow_clock(self, now: float) -> None:
        """A server's clock that is set back makes its own past a future in which nothing would be counted any more."""
        last, self._last_now = self._last_now, now
        if last is None or now >= last - _SET_BACK_S:
            return
        self._forget_after(int(now // SLOT_S))
        self._unbiased_times.forget_after(now)
        self._folded_to = 0
        if self._oldest_slot * SLOT_S > now - _SET_BACK_S:
            self._oldest_slot, self._watched_from = 0, now
        self._watched_from = None if self._watched_from is None else min(self._watched_from, now)

    def _forget_after(self, slot: int) -> None:
        self._made.clear()
        self._drop(lambda shape: shape.drop_after(slot))
        self._lost = {key: number for key, number in self._lost.items() if key <= slot}

    def _drop(self, from_shape: Callable[[ShapeHistory], tuple[int, int]]) -> None:
        """Cells of each shape, of which it tells how many there were and the bytes of raw entries in them."""
        for shape_id, shape in list(self._shapes.items()):
            cells, raw = from_shape(shape)
            self._cells -= cells
            self._raw_bytes -= raw
            if not shape.cells:
                del self._shapes[shape_id]
                self._made.pop(shape_id, None)

    def since(self, shape_id: str, moment: float, now: float) -> Measured | None:
        """What a shape did from the first whole slot after `moment` on; `None`: it was not seen."""
        shape = self._shapes.get(shape_id)
        return None if shape is None else measured_since(shape, self._unbiased_times, self._read_from, moment, now)

    def summary(self, window_s: float, now: float) -> QueryDigest:
        """The shapes of the last `window_s` seconds by total time; rows that did not change are the same objects."""
        self._follow_clock(now)
        self._forget_before(int((now - KEPT_S) // SLOT_S))
        first = int((now - window_s) // SLOT_S) + 1
        covered = self._covered(window_s, now)
        seconds = max(min(covered or 0.0, now - first * SLOT_S), 1.0)
        rows = sorted(
            (row for shape_id in self._shapes if (row := self._row(shape_id, first, seconds, now)) is not None),
            key=lambda row: (-row.latency_ms.total, row.shape_id),
        )
        self.judge.begin(self._shapes.keys())
        digest = QueryDigest(
            read_from=self._read_from,
            rows=tuple([self.judge.judge(row, now) for row in rows]),
            entries=sum(row.count for row in rows),
            lost_entries=self._lost_since(first),
            window_s=window_s,
            covered_s=None if covered is None else float(round(covered)),
            databases=self._databases,
            unbiased=self._unbiased,
        )
        last = self._last
        if last is not None and _same(last, digest):
            return last
        self._last = digest
        return digest

    def _covered(self, window_s: float, now: float) -> float | None:
        if self._watched_from is None:
            return None
        return max(min(window_s, now - self._watched_from, now - self._oldest_slot * SLOT_S), 0.0)

    def _lost_since(self, first: int) -> int | None:
        lost = [number for slot, number in self._lost.items() if slot >= first]
        return None if None in lost else sum(number or 0 for number in lost)

    def _row(self, shape_id: str, first: int, seconds: float, now: float) -> DigestRow | None:
        shape = self._shapes[shape_id]
        if shape.newest < first:
            return None
        key = (shape.version, int(now // SLOT_S), first)
        made = self._made.get(shape_id)
        if made is None or made.key != key:
            made = self._made[shape_id] = _Made(
                key, digest_row(shape_id, shape, first, seconds, now, self.judge.last(shape_id))
            )
        return made.row


def _same(one: QueryDigest, other: QueryDigest) -> bool:
    if len(one.rows) != len(other.rows) or any(a is not b for a, b in zip(one.rows, other.rows, strict=True)):
        return False
    return replace(one, rows=()) == replace(other, rows=())
