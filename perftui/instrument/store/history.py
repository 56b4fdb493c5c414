"""The finished minutes of a slab's blocks: a ring of records, the oldest overwritten first."""

import struct
from array import array
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.instrument.store.kinds import Layout, minute_at

if TYPE_CHECKING:
    from perftui.instrument.store.block import Block
    from perftui.instrument.store.slab import Slab

RECORD_HEAD = 7
_COUNT_BITS = 48
_COUNT_MASK = (1 << _COUNT_BITS) - 1
_REAL = struct.Struct("d")
_WORD = struct.Struct("Q")


class Record(NamedTuple):
    """One block's finished minute: what was counted in it, sparse."""

    block_at: int
    sequence: int
    minute: int
    min_us: float
    max_us: float
    buckets: tuple[tuple[int, int], ...]
    sums: tuple[tuple[int, float], ...]


class History:
    """Written by who holds the store (`EXCLUSIVE`); readers of other processes check the tail after they read."""

    def __init__(self, slab: "Slab") -> None:
        self._slab = slab

    def keep(self, block: "Block", sequence: int, figures: bytes) -> None:
        """Write what came since the running minute began; nothing where nothing came."""
        words, layout = self._slab.words, block.kind.layout
        base_at = block.at + layout.base(sequence)
        before = words[base_at : base_at + layout.figures]
        if before == memoryview(figures).cast("Q"):
            return
        body = sparse_difference(figures, before.tobytes(), layout)
        head = block.at + minute_at(sequence)
        start = array("Q", (RECORD_HEAD + len(body.words), block.at, sequence, *words[head : head + 3], body.split))
        self._append(start + body.words)

    def _append(self, record: "array[int]") -> None:
        slab = self._slab
        head, size = slab.ring_head, slab.ring_words
        if len(record) > size:
            return
        left = size - head % size
        if len(record) > left:
            self._make_room(head, left)
            slab.words[slab.ring_at + head % size] = left  # a record of no block: the reader passes over it
            if left > 1:
                slab.words[slab.ring_at + head % size + 1] = 0
            head += left
        if not slab.commit_ring(head + len(record)):
            return
        self._make_room(head, len(record))
        at = slab.ring_at + head % size
        slab.words[at : at + len(record)] = memoryview(record)
        slab.ring_head = head + len(record)

    def _make_room(self, head: int, wanted: int) -> None:
        slab, tail = self._slab, self._slab.ring_tail
        while head + wanted - tail > slab.ring_words:
            tail += max(slab.words[slab.ring_at + tail % slab.ring_words], 1)
        slab.ring_tail = tail


class Sparse(NamedTuple):
    words: "array[int]"
    split: int
    """How many buckets, shifted by 32, and how many sums follow."""


def sparse_difference(after: bytes, before: bytes, layout: Layout) -> Sparse:
    """The figures that grew, and by how much."""
    cut = layout.buckets * 8
    buckets = array("Q")
    now, then = memoryview(after)[:cut].cast("Q"), memoryview(before)[:cut].cast("Q")
    for at, (new, old) in enumerate(zip(now.tolist(), then.tolist(), strict=True)):
        if new != old:
            buckets.append(at << _COUNT_BITS | min(max(new - old, 0), _COUNT_MASK))
    sums = array("Q")
    new_sums, old_sums = memoryview(after)[cut:].cast("d"), memoryview(before)[cut:].cast("d")
    for at, (total, was) in enumerate(zip(new_sums.tolist(), old_sums.tolist(), strict=True)):
        if total != was:
            sums.extend((at, _WORD.unpack(_REAL.pack(total - was))[0]))
    return Sparse(buckets + sums, len(buckets) << 32 | len(sums) // 2)


class Place(NamedTuple):
    """Where a record stands: words written to the ring before it."""

    at: int
    length: int
    block_at: int
    sequence: int
    minute: int


def places(words: Any, ring_at: int, ring_words: int, start: int, head: int) -> Iterator[Place]:
    """Each record from `start` on. Ends at what is no record."""
    while start < head:
        at = ring_at + start % ring_words
        length = words[at]
        if not 0 < length <= ring_words - start % ring_words:
            return
        if length >= RECORD_HEAD and words[at + 1]:
            yield Place(start, length, *words[at + 1 : at + 4].tolist())
        start += length


def read_record(words: Any, ring_at: int, ring_words: int, place: Place) -> Record | None:
    """The record, or `None` where it has been overwritten."""
    at = ring_at + place.at % ring_words
    found = words[at : at + place.length].tolist()
    whole = found[:4] == [place.length, place.block_at, place.sequence, place.minute]
    return _record(found) if whole else None


def _record(words: list[int]) -> Record | None:
    number, sums = words[6] >> 32, words[6] & 0xFFFFFFFF
    if RECORD_HEAD + number + 2 * sums != len(words):
        return None
    pairs = words[RECORD_HEAD + number :]
    return Record(
        block_at=words[1],
        sequence=words[2],
        minute=words[3],
        min_us=_real(words[4]),
        max_us=_real(words[5]),
        buckets=tuple((word >> _COUNT_BITS, word & _COUNT_MASK) for word in words[RECORD_HEAD : RECORD_HEAD + number]),
        sums=tuple((pairs[at], _real(pairs[at + 1])) for at in range(0, 2 * sums, 2)),
    )


def _real(word: int) -> float:
    return float(_REAL.unpack(_WORD.pack(word))[0])
