"""Latencies in log-linear buckets ("loglin16"): 16 a doubling, from 1 µs to 60 s, so at most 6 % wide."""

from collections.abc import Iterable, Sequence

SCHEME = "loglin16"
_LINEAR = 16
_SHIFT = 4
_LARGEST_US = 60_000_000


def bucket_of(us: float) -> int:
    """The bucket of a duration in microseconds; below 1 µs the first, above a minute the last."""
    whole = int(us)
    if whole < _LINEAR:
        return whole if whole > 0 else 0
    if whole > _LARGEST_US:
        return BUCKETS - 1
    shift = whole.bit_length() - 5
    return (shift << _SHIFT) + (whole >> shift)


def bounds_of(index: int) -> tuple[int, int]:
    """Microseconds from (included) and to (excluded) of a bucket."""
    if index < _LINEAR:
        return index, index + 1
    shift = (index >> _SHIFT) - 1
    low = (index - (shift << _SHIFT)) << shift
    return low, low + (1 << shift)


BUCKETS = ((_LARGEST_US.bit_length() - 5) << _SHIFT) + (_LARGEST_US >> (_LARGEST_US.bit_length() - 5)) + 1


class Histogram:
    """Counts by bucket. One writer at a time; a record is a list's increment."""

    __slots__ = ("counts",)

    def __init__(self, sparse: Iterable[tuple[int, int] | list[int]] = ()) -> None:
        self.counts = [0] * BUCKETS
        self.merge(sparse)

    def record_us(self, us: float) -> None:
        """Count one duration in microseconds."""
        whole = int(us)
        if whole < _LINEAR:
            self.counts[whole if whole > 0 else 0] += 1
        elif whole > _LARGEST_US:
            self.counts[-1] += 1
        else:
            shift = whole.bit_length() - 5
            self.counts[(shift << _SHIFT) + (whole >> shift)] += 1

    @property
    def count(self) -> int:
        """How many durations were recorded."""
        return sum(self.counts)

    def quantile_us(self, q: float) -> float | None:
        """The q-quantile (0 to 1) in microseconds, linear inside its bucket; `None` when empty."""
        return quantile_us(self.sparse(), q)

    def merge(self, sparse: Iterable[tuple[int, int] | list[int]]) -> None:
        """Add another histogram's counts; an index beyond the last bucket counts in the last."""
        for index, number in sparse:
            self.counts[min(max(index, 0), BUCKETS - 1)] += number

    def sparse(self) -> list[tuple[int, int]]:
        """`(index, count)` of the buckets in use, in order."""
        return [(index, number) for index, number in enumerate(self.counts) if number]


def quantile_us(sparse: Iterable[tuple[int, int]], q: float) -> float | None:
    """The q-quantile of a sparse histogram in order of its buckets; `None` when empty."""
    found = quantiles_us(sparse, (q,))
    return found[0] if found else None


def quantiles_us(sparse: Iterable[tuple[int, int]], wanted: Sequence[float]) -> list[float]:
    """Several quantiles, ascending, of a sparse histogram in order of its buckets, in one pass; `[]` when empty."""
    filled = list(sparse)
    total = sum([number for _, number in filled])
    ranks = [min(max(q, 0.0), 1.0) * total for q in wanted]
    found: list[float] = []
    below = 0
    for index, number in filled:
        while len(found) < len(ranks) and below + number >= ranks[len(found)]:
            low, high = bounds_of(index)
            found.append(low + (high - low) * max(ranks[len(found)] - below, 0.0) / number)
        below += number
    return found
