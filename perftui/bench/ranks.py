"""Whether two samples differ (Mann-Whitney), and by which ratio (Hodges-Lehmann), with the standard library only."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from statistics import NormalDist, median
from typing import NamedTuple

_EXACT_UP_TO = 8
"""Samples of at most this size get the exact distribution, where no value occurs twice; as SciPy chooses."""
_NORMAL = NormalDist()


class RankTest(NamedTuple):
    """What came of a Mann-Whitney test."""

    u: float
    """How often a value of the first sample is above one of the second; ties count half."""
    p: float
    """Two-sided: how likely so large a difference is where there is none."""


def mann_whitney(first: Sequence[float], second: Sequence[float]) -> RankTest:
    """The two-sided test, exact for small samples without ties, else normal with tie and continuity correction.

    Raises `ValueError` for an empty sample.
    """
    if not first or not second:
        raise ValueError("both samples need a value")
    u = _rank_sum(first, second) - len(first) * (len(first) + 1) / 2
    if _is_exact(first, second):
        least = int(min(u, len(first) * len(second) - u))
        return RankTest(u, min(1.0, 2 * _below(len(first), len(second))[least]))
    spread = _spread(first, second)
    if spread == 0:
        return RankTest(u, 1.0)
    z = (abs(u - len(first) * len(second) / 2) - 0.5) / spread
    return RankTest(u, min(1.0, 2 * (1 - _NORMAL.cdf(z)) if z < 5 else math.erfc(z / math.sqrt(2))))


class Ratio(NamedTuple):
    """How much larger the second sample is than the first, and between which bounds that is sure."""

    value: float
    low: float
    high: float


def ratio_of(base: Sequence[float], new: Sequence[float], alpha: float) -> Ratio:
    """The median of all ratios new / base, and the interval that excludes 1 where `mann_whitney` gives p < alpha.

    Values must be above 0. An interval that so few values cannot have reaches from 0 to infinity.
    """
    ratios = sorted(value / reference for value in new for reference in base)
    left_out = _left_out(base, new, alpha)
    if left_out < 0:
        return Ratio(median(ratios), 0.0, math.inf)
    return Ratio(median(ratios), ratios[left_out], ratios[-1 - left_out])


def _left_out(base: Sequence[float], new: Sequence[float], alpha: float) -> int:
    """How many of the sorted ratios lie outside of the interval at each end; -1: there is no such interval."""
    if _is_exact(base, new):
        below = _below(len(base), len(new))
        return next((u for u, chance in enumerate(below) if 2 * chance >= alpha), 0) - 1
    reach = 0.5 - _NORMAL.inv_cdf(alpha / 2) * _spread(base, new)
    return max(math.ceil(len(base) * len(new) / 2 - reach) - 1, -1)


def _is_exact(first: Sequence[float], second: Sequence[float]) -> bool:
    small = min(len(first), len(second)) <= _EXACT_UP_TO
    return small and len({*first, *second}) == len(first) + len(second)


def _rank_sum(first: Sequence[float], second: Sequence[float]) -> float:
    """Of the first sample, in both together; equal values share their ranks."""
    counts = Counter(first)
    total, place = 0.0, 0
    for value, together in sorted(Counter([*first, *second]).items()):
        total += counts[value] * (place + (together + 1) / 2)
        place += together
    return total


def _spread(first: Sequence[float], second: Sequence[float]) -> float:
    """The standard deviation of U where there is no difference."""
    n, m = len(first), len(second)
    ties = sum(count**3 - count for count in Counter([*first, *second]).values())
    everything = n + m
    return math.sqrt(max(n * m / 12 * (everything + 1 - ties / (everything * (everything - 1))), 0.0))


@lru_cache(maxsize=64)
def _below(n: int, m: int) -> tuple[float, ...]:
    """The chance of each U or a smaller one, for samples of these sizes without ties."""
    ways = [0] * (n * m + 1)
    ways[0] = 1
    for part in range(1, n + 1):  # the Gaussian binomial coefficient, factor by factor
        for place in range(n * m, m + part - 1, -1):
            ways[place] -= ways[place - m - part]
        for place in range(part, n * m + 1):
            ways[place] += ways[place - part]
    total, sums, so_far = math.comb(n + m, n), [], 0
    for count in ways:
        so_far += count
        sums.append(so_far / total)
    return tuple(sums)
