"""Whether one benchmark is faster than another: by a ratio that is large enough and sure enough."""

import math
from collections.abc import Sequence
from statistics import median
from typing import NamedTuple

from perftui.bench.blocks import FEWEST, FEWEST_PASSES, block_means, drift, level, without_common_drift
from perftui.bench.ranks import Ratio, mann_whitney, ratio_of
from perftui.bench.result import BenchmarkResult
from perftui.model.bench.comparison import Comparison, Verdict

THRESHOLD, ALPHA = 0.02, 0.01


class _Sides(NamedTuple):
    """Block means of both, and how they came about."""

    base: list[float]
    new: list[float]
    in_turns: bool
    drift: float


def compare_results(
    base: BenchmarkResult, new: BenchmarkResult, threshold: float = THRESHOLD, alpha: float = ALPHA
) -> Comparison:
    """Judge two results. Raises `ValueError` for one without samples, or with one that is not above 0 s."""
    if not threshold >= 0 or not 0 < alpha < 1:
        raise ValueError("threshold must be 0 or more, and alpha between 0 and 1")
    for result in (base, new):
        if not result.samples:
            raise ValueError(result.warnings[0] if result.warnings else "it has no samples")
        if min(result.samples) <= 0:
            raise ValueError("a sample of it is not above 0 s")
    sides = _sides(base, new)
    ratio, p = ratio_of(sides.base, sides.new, alpha), mann_whitney(sides.base, sides.new).p
    verdict, why = _judge(ratio, p, sides, threshold, alpha)
    return Comparison(
        base=base.name,
        name=new.name,
        base_s=median(base.samples),
        new_s=median(new.samples),
        ratio=ratio.value,
        low=ratio.low,
        high=ratio.high if math.isfinite(ratio.high) else None,
        p=p,
        blocks=(len(sides.base), len(sides.new)),
        in_turns=sides.in_turns,
        drift=sides.drift,
        threshold=threshold,
        alpha=alpha,
        verdict=verdict,
        why=why,
    )


def _sides(base: BenchmarkResult, new: BenchmarkResult) -> _Sides:
    if base.together is not None and base.together == new.together and min(len(base.blocks), len(new.blocks)) >= FEWEST:
        freed = without_common_drift([_means(base.blocks), _means(new.blocks)])
        return _Sides(freed[0], freed[1], True, 0.0)
    if _alternate(base, new):
        freed = without_common_drift([_means(one.independent_blocks) for one in (base, new)])
        return _Sides(freed[0], freed[1], True, 0.0)
    means = [block_means(result.independent_blocks, level) for result in (base, new)]
    return _Sides(means[0], means[1], False, max(drift(one) for one in means))


def _alternate(base: BenchmarkResult, new: BenchmarkResult) -> bool:
    """Their passes were measured on one machine, and in each pair of the order of time there is one of each."""
    sides = [one.passes for one in (base, new)]
    starts = [(one.started_at or 0.0, number) for number, passes in enumerate(sides) for one in passes]
    if min(map(len, sides)) < FEWEST_PASSES or len(sides[0]) != len(sides[1]) or min(starts)[0] == 0:
        return False
    order = [number for _, number in sorted(starts)]
    same_host = base.facts.get("hostname") == new.facts.get("hostname")
    in_order = all(list(one) == sorted(one, key=lambda each: each.started_at or 0.0) for one in sides)
    return same_host and in_order and all(a != b for a, b in zip(order[::2], order[1::2], strict=True))


def _means(blocks: Sequence[Sequence[float]]) -> list[float]:
    return [level(block) for block in blocks if block]


def _judge(ratio: Ratio, p: float, sides: _Sides, threshold: float, alpha: float) -> tuple[Verdict, str]:
    """Threshold and significance both decide; what drifted by more than the threshold is not called equal."""
    needed = 1 + threshold + sides.drift
    if p < alpha and ratio.value > needed:
        return "slower", f"{ratio.value - 1:+.1%}, p {_p(p)}"
    if p < alpha and 1 / ratio.value > needed:
        return "faster", f"{ratio.value - 1:+.1%}, p {_p(p)}"
    if not math.isfinite(ratio.high):
        return "too noisy", f"only {len(sides.base)} and {len(sides.new)} blocks: more samples are needed"
    if sides.drift > threshold:
        return "too noisy", f"the level moved by {sides.drift:.1%} while it ran; measure both in turns"
    if (ratio.high - ratio.low) / 2 > threshold:
        return "too noisy", f"the ratio is known to {(ratio.high - ratio.low) / 2:.1%} only; a longer run knows more"
    if p < alpha:
        within = "the threshold" if not sides.drift else f"the threshold and the drift of {sides.drift:.1%}"
        return "no difference", f"{ratio.value - 1:+.1%} is sure, but within {within}"
    return "no difference", f"{ratio.value - 1:+.1%}, p {_p(p)}"


def _p(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"{p:.4f}"
