"""Our rank test and bootstrap against SciPy's, on the same samples."""

import math
import random
from statistics import median

import pytest
from scipy import stats  # type: ignore[import-untyped]

from perftui.bench.bootstrap import bootstrap_mean, quantile
from perftui.bench.ranks import mann_whitney, ratio_of

SIZES = [(1, 1), (2, 3), (5, 5), (8, 8), (8, 40), (9, 9), (12, 7), (30, 30), (25, 60)]


def samples(n: int, m: int, seed: int, *, ties: bool = False) -> tuple[list[float], list[float]]:
    draw = random.Random(seed)
    first = [draw.lognormvariate(0, 0.1) for _ in range(n)]
    second = [draw.lognormvariate(0.05 * (seed % 4), 0.1) for _ in range(m)]
    return ([round(v, 1) for v in first], [round(v, 1) for v in second]) if ties else (first, second)


@pytest.mark.parametrize("ties", [False, True], ids=["distinct", "ties"])
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_mann_whitney_is_scipys(n: int, m: int, ties: bool) -> None:
    for seed in range(20):
        first, second = samples(n, m, seed, ties=ties)
        ours, theirs = mann_whitney(first, second), stats.mannwhitneyu(first, second)
        assert ours.u == theirs.statistic
        if ties and len({*first, *second}) == 1:
            assert ours.p == 1.0
        else:
            assert ours.p == pytest.approx(theirs.pvalue, rel=1e-9, abs=1e-15)


def test_a_difference_far_out_in_the_tail_is_scipys_too() -> None:
    first = [1 + i / 1000 for i in range(60)]
    second = [2 + i / 1000 for i in range(60)]
    assert mann_whitney(first, second).p == pytest.approx(stats.mannwhitneyu(first, second).pvalue, rel=1e-6)


def test_an_empty_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="need a value"):
        mann_whitney([], [1.0])


@pytest.mark.parametrize("alpha", [0.01, 0.05])
@pytest.mark.parametrize(("n", "m"), SIZES)
def test_the_interval_excludes_one_where_the_test_is_significant(n: int, m: int, alpha: float) -> None:
    for seed in range(100):
        base, new = samples(n, m, seed)
        ratio = ratio_of(base, new, alpha)
        assert ratio.value == median(b / a for a in base for b in new)
        assert ratio.low <= ratio.value <= ratio.high
        assert (ratio.low > 1 or ratio.high < 1) == (stats.mannwhitneyu(base, new).pvalue < alpha)


def test_too_few_values_have_no_interval() -> None:
    assert ratio_of([1.0, 1.1], [2.0, 2.1], 0.01)[1:] == (0.0, math.inf)


def test_the_true_ratio_lies_in_the_interval_as_often_as_promised() -> None:
    draw, inside = random.Random(3), 0
    for _ in range(400):
        base = [draw.lognormvariate(0, 0.05) for _ in range(20)]
        new = [1.3 * draw.lognormvariate(0, 0.05) for _ in range(20)]
        ratio = ratio_of(base, new, 0.05)
        inside += ratio.low <= 1.3 <= ratio.high
    assert 0.92 <= inside / 400 <= 0.98


@pytest.mark.parametrize("spread", [0.1, 0.8])
def test_the_bootstrap_is_scipys(spread: float) -> None:
    draw = random.Random(7)
    values = [draw.lognormvariate(0, spread) for _ in range(30)]
    ours = bootstrap_mean(values, 0.95, 20_000)
    theirs = stats.bootstrap(
        (values,), lambda v, axis: v.mean(axis=axis), n_resamples=20_000, confidence_level=0.95, method="BCa", rng=1
    ).confidence_interval
    width = theirs.high - theirs.low
    assert ours.low == pytest.approx(theirs.low, abs=0.03 * width)
    assert ours.high == pytest.approx(theirs.high, abs=0.03 * width)


def test_the_bootstrap_gives_the_same_answer_again_and_none_without_values() -> None:
    assert bootstrap_mean([1.0, 2.0, 4.0]) == bootstrap_mean([1.0, 2.0, 4.0])
    assert bootstrap_mean([3.0, 3.0]) == (3.0, 3.0)
    assert bootstrap_mean([3.0]) == (3.0, 3.0)
    with pytest.raises(ValueError, match="needs values"):
        bootstrap_mean([])


def test_quantiles_are_numpys() -> None:
    from numpy import percentile

    values = sorted(samples(17, 1, 5)[0])
    for share in (0.0, 0.25, 0.5, 0.9, 0.99, 1.0):
        assert quantile(values, share) == pytest.approx(float(percentile(values, share * 100)), rel=1e-12)
