"""Means of blocks of neighbouring samples: what a test may take as independent, though single samples are not."""

import math
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise
from statistics import fmean, median

BLOCKS, FEWEST = 50, 10
"""How many blocks a sample is split into, and below how many they are not joined further."""
MOST = 400
"""Means that are compared pair by pair."""
FEWEST_PASSES = 5
"""From so many passes on, a pass is a block: what tells two processes apart is then part of the noise."""
_ALIKE = 0.25
"""Blocks whose neighbours are more alike than this (autocorrelation) are joined in pairs."""
_AROUND = 2
"""Rounds on each side that the level of a round is read from."""


def split(samples: Sequence[float], blocks: int = BLOCKS) -> list[Sequence[float]]:
    """Neighbours together, in at most so many blocks of equal size; what is left over at the beginning is dropped.

    The oldest samples are the least warm ones.
    """
    size = max(len(samples) // blocks, 1)
    count = min(len(samples) // size, blocks)
    first = len(samples) - count * size
    return [samples[first + number * size : first + (number + 1) * size] for number in range(count)]


def blocks_of(blocks: Sequence[Sequence[float]], passes: Sequence[int] = ()) -> Sequence[Sequence[float]]:
    """Whole passes where there are several, blocks as they were measured where they are enough, else split anew."""
    if len(passes) >= FEWEST_PASSES:
        ends = list(accumulate(passes))
        return [
            [sample for block in blocks[end - count : end] for sample in block]
            for end, count in zip(ends, passes, strict=True)
        ]
    if len(blocks) >= FEWEST:
        return blocks
    return split([sample for block in blocks for sample in block])


def level(block: Sequence[float]) -> float:
    """The mean without the slowest tenth: the moments in which something else ran."""
    return fmean(sorted(block)[: len(block) - len(block) // 10])


def block_means(blocks: Sequence[Sequence[float]], mean: Callable[[Sequence[float]], float] = fmean) -> list[float]:
    """A mean for each block, neighbours joined until they are no longer alike, or few are left; at most `MOST`."""
    means = [mean(block) for block in blocks if block]
    while len(means) > MOST or (len(means) >= 2 * FEWEST and autocorrelation(means) > _ALIKE):
        means = joined(means)
    return means


def joined(means: Sequence[float]) -> list[float]:
    """The means of pairs of neighbours; where one has no neighbour, the oldest is dropped."""
    first = len(means) % 2
    return [(means[place] + means[place + 1]) / 2 for place in range(first, len(means), 2)]


def autocorrelation(values: Sequence[float]) -> float:
    """How alike neighbours are: 1 the same, 0 independent, below 0 alternating. By ranks: a spike counts little."""
    ranks = {value: rank for rank, value in enumerate(sorted(values))}
    places = [ranks[value] for value in values]
    middle = fmean(places)
    apart = sum((place - middle) ** 2 for place in places)
    if not apart:
        return 0.0
    return sum((a - middle) * (b - middle) for a, b in pairwise(places)) / apart


def drift(means: Sequence[float]) -> float:
    """By which share of itself the level moved: the most that two fifths of the run lie apart, less the noise.

    The noise is what neighbours lie apart. 0 where there is no trend, and for fewer than `FEWEST` means.
    """
    if len(means) < FEWEST or median(means) <= 0:
        return 0.0
    levels = [median(fifth) for fifth in split(means, 5)]
    steps = median(abs(b - a) for a, b in pairwise(means))
    moved = max(levels) - min(levels)
    noise = 3 * steps / math.sqrt(len(means) / 5)
    return max(moved - noise, 0.0) / median(means)


def without_common_drift(series: Sequence[Sequence[float]]) -> list[list[float]]:
    """Series measured in turns, freed of what moved all of them: each round by the level of the rounds around it.

    The round itself is left out of its level: else a value would be divided by a share of itself.
    """
    rounds = min(len(means) for means in series)
    middles = [median(means) for means in series]
    relative = [
        fmean(means[at] / middle for means, middle in zip(series, middles, strict=True)) for at in range(rounds)
    ]
    levels = [_level(relative, at) for at in range(rounds)]
    return [[means[at] / levels[at] for at in range(rounds)] for means in series]


def _level(relative: Sequence[float], at: int) -> float:
    around = [*relative[max(at - _AROUND, 0) : at], *relative[at + 1 : at + 1 + _AROUND]]
    return median(around) if around else 1.0
