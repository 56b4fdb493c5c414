"""What a block of figures holds, by kind; the room that counts something declares its kind beside its table."""

from typing import NamedTuple

from perftui.model.histogram import BUCKETS


class Kind(NamedTuple):
    """The counters and gauges that each block of this kind has, and the labels that tell its blocks apart."""

    name: str
    section: str
    """`api`, `query` or `cache`: which clear begins its windows anew."""
    labels: tuple[str, ...]
    timed: bool = False
    """Has durations: a histogram, their sum, minimum and maximum."""
    counters: tuple[str, ...] = ()
    """Only grow; windowed like the durations."""
    gauges: tuple[str, ...] = ()
    """The last value, summed over workers; no windows."""

    @property
    def layout(self) -> "Layout":
        return Layout(BUCKETS if self.timed else 0, int(self.timed) + len(self.counters), len(self.gauges))


class Layout(NamedTuple):
    """Where a block's words lie, counted from its first: head, gauges, live figures, and two bases.

    The live figures only ever grow. A base is what they were when the running minute began, so the running minute is
    live less base. There are two bases and two minutes' heads: the lowest bit of the sequence number says which of
    them holds, so that one store of eight bytes moves a reader from one to the other.
    """

    buckets: int
    sums: int
    gauges: int

    @property
    def figures(self) -> int:
        return self.buckets + self.sums

    @property
    def live(self) -> int:
        return HEAD_WORDS + self.gauges

    def base(self, sequence: int) -> int:
        return self.live + self.figures * (1 + (sequence & 1))

    @property
    def words(self) -> int:
        return self.live + 3 * self.figures


SEQUENCE, LAST_AT = 0, 1
HEAD_WORDS = 8


def minute_at(sequence: int) -> int:
    """The word that holds the minute of the running slot; its minimum and maximum follow."""
    return 2 + 3 * (sequence & 1)
