"""A confidence interval for the mean of any sample, by drawing from it again and again (the BCa bootstrap)."""

import random
from collections.abc import Sequence
from statistics import NormalDist, fmean
from typing import NamedTuple

RESAMPLES = 2_000
_NORMAL = NormalDist()


class Interval(NamedTuple):
    """From `low` to `high`, with the confidence that was asked for."""

    low: float
    high: float


def bootstrap_mean(values: Sequence[float], level: float = 0.95, resamples: int = RESAMPLES, seed: int = 0) -> Interval:
    """Where the mean lies with the confidence `level`: the same answer for the same values. Raises `ValueError`."""
    if not values or not 0 < level < 1:
        raise ValueError("a bootstrap needs values, and a level between 0 and 1")
    mean = fmean(values)
    if min(values) == max(values):
        return Interval(mean, mean)
    draw = random.Random(seed)  # noqa: S311 - draws samples, no secret
    means = sorted(fmean(draw.choices(values, k=len(values))) for _ in range(resamples))
    shares = [_corrected(tail, _bias(means, mean), _acceleration(values)) for tail in _tails(level)]
    return Interval(*(quantile(means, share) for share in shares))


def quantile(ordered: Sequence[float], share: float) -> float:
    """Of sorted values, linear between two of them: as NumPy's default and pyperf's."""
    place = (len(ordered) - 1) * share
    below = int(place)
    if below + 1 >= len(ordered):
        return ordered[-1]
    return ordered[below] + (ordered[below + 1] - ordered[below]) * (place - below)


def _tails(level: float) -> tuple[float, float]:
    return (1 - level) / 2, (1 + level) / 2


def _bias(means: Sequence[float], mean: float) -> float:
    """How far the middle of what was drawn lies from the sample's own mean, in standard deviations."""
    below = sum((value < mean) + (value <= mean) for value in means)
    share = below / (2 * len(means))
    return _NORMAL.inv_cdf(min(max(share, 1e-9), 1 - 1e-9))


def _acceleration(values: Sequence[float]) -> float:
    """How the spread of the mean changes with the mean, from leaving out one value after the other."""
    total, others = sum(values), len(values) - 1
    if others < 1:
        return 0.0
    left_out = [(total - value) / others for value in values]
    middle = fmean(left_out)
    cubes = sum((middle - value) ** 3 for value in left_out)
    squares = sum((middle - value) ** 2 for value in left_out)
    return cubes / (6 * squares**1.5) if squares else 0.0


def _corrected(tail: float, bias: float, acceleration: float) -> float:
    z = bias + _NORMAL.inv_cdf(tail)
    return _NORMAL.cdf(bias + z / (1 - acceleration * z))
