"""Figures of samples against SciPy's, NumPy's and pyperf's, on the same samples."""

import random

import numpy
import pyperf  # type: ignore[import-untyped]
import pytest
from scipy import stats  # type: ignore[import-untyped]

from perftui.bench.blocks import BLOCKS, FEWEST, autocorrelation, block_means, drift, level, split, without_common_drift
from perftui.bench.limits import Limits, shared_out
from perftui.bench.statistic import mad, summarize
from perftui.bench.words import duration, rate


def samples(count: int, seed: int = 1) -> list[float]:
    draw = random.Random(seed)
    return [0.01 * draw.lognormvariate(0, 0.2) * (3 if draw.random() < 0.03 else 1) for _ in range(count)]


@pytest.mark.parametrize("count", [2, 3, 10, 99, 1000])
def test_figures_are_those_of_scipy_and_pyperf(count: int) -> None:
    values = samples(count)
    ours = summarize(values)
    theirs = pyperf.Benchmark([pyperf.Run(values, metadata={"name": "x"}, collect_metadata=False)])
    assert ours.mean_s == pytest.approx(theirs.mean(), rel=1e-12)
    assert ours.median_s == pytest.approx(theirs.median(), rel=1e-12)
    assert ours.sd_s == pytest.approx(theirs.stdev(), rel=1e-12)
    assert ours.mad_s == pytest.approx(theirs.median_abs_dev(), rel=1e-12)
    assert ours.mad_s == pytest.approx(float(stats.median_abs_deviation(values)), rel=1e-12)
    assert ours.sd_s == pytest.approx(float(stats.tstd(values)), rel=1e-12)
    assert ours.ops_per_s == pytest.approx(1 / float(numpy.mean(values)))
    assert (ours.n, ours.min_s, ours.max_s) == (count, min(values), max(values))
    for percent, found in ((50, ours.p50_s), (75, ours.p75_s), (90, ours.p90_s), (95, ours.p95_s), (99, ours.p99_s)):
        assert found == pytest.approx(theirs.percentile(percent), rel=1e-12)
        assert found == pytest.approx(float(numpy.percentile(values, percent)), rel=1e-12)


def test_one_sample_has_no_deviation_and_none_no_figures() -> None:
    alone = summarize([0.5])
    assert (alone.n, alone.sd_s, alone.mad_s, alone.median_s, alone.mean_low_s, alone.mean_high_s) == (
        1, None, 0, 0.5, 0.5, 0.5,
    )  # fmt: skip
    with pytest.raises(ValueError, match="no sample"):
        summarize([])


def test_outliers_are_counted_by_class() -> None:
    """The middle half is 1 wide: fences lie 1.5 and 3 from it."""
    values = [10.0, 11.0, 11.25, 11.5, 11.75, 12.0] * 4
    q1, q3 = numpy.percentile(values, 25), numpy.percentile(values, 75)
    width = float(q3 - q1)
    far = [q1 - 3.5 * width, q1 - 2.8 * width, q3 + 2 * width, q3 + 2.1 * width, q3 + 50 * width]
    found = summarize([*values, *map(float, far)]).outliers
    assert (found.low_severe, found.low_mild, found.high_mild, found.high_severe) == (1, 1, 2, 1)
    assert found.count == 5


def test_the_mean_s_interval_is_wider_where_neighbours_are_alike() -> None:
    draw, level, walk = random.Random(2), 0.0, []
    for _ in range(1000):
        level = 0.97 * level + draw.gauss(0, 0.02)
        walk.append(1 + level)
    mixed = random.Random(3).sample(walk, len(walk))
    one, other = summarize(walk), summarize(mixed)
    assert one.mean_s == pytest.approx(other.mean_s)
    assert one.mean_high_s - one.mean_low_s > 2 * (other.mean_high_s - other.mean_low_s)


def test_blocks_are_equal_and_leave_out_the_oldest() -> None:
    assert [list(block) for block in split(range(11), 5)] == [[1, 2], [3, 4], [5, 6], [7, 8], [9, 10]]
    assert len(split(range(1000))) == BLOCKS
    assert [len(block) for block in split(range(3))] == [1, 1, 1]
    assert split([]) == []


def test_blocks_are_joined_until_they_are_independent_or_few() -> None:
    draw = random.Random(4)
    noise = [[1 + draw.gauss(0, 0.01)] for _ in range(50)]
    assert len(block_means(noise)) == 50
    assert len(block_means([[1 + number / 100] for number in range(50)])) == FEWEST + 2
    assert autocorrelation([1, 2, 1, 2, 1, 2, 1, 2]) < -0.5
    assert autocorrelation([1.0] * 5) == 0.0


def test_a_level_leaves_out_the_slowest_tenth() -> None:
    assert level([1.0] * 18 + [50.0, 70.0]) == 1.0
    assert level([1.0] * 17 + [2.0, 50.0, 70.0]) == pytest.approx(19 / 18)
    assert level([1.0, 2.0, 9.0]) == 4.0
    assert block_means([[1.0] * 9 + [11.0]] * 3) == [2.0] * 3
    assert block_means([[1.0] * 9 + [11.0]] * 3, level) == [1.0] * 3


def test_many_blocks_are_joined_however_independent_they_are() -> None:
    draw = random.Random(8)
    assert len(block_means([[draw.random()] for _ in range(10_000)])) == 312


def test_drift_is_told_from_noise() -> None:
    draw = random.Random(5)
    noise = [1 + draw.gauss(0, 0.01) for _ in range(50)]
    assert drift(noise) < 0.005
    assert 0.05 < drift([value * (1 + number / 500) for number, value in enumerate(noise)]) < 0.09
    assert drift([1.0, 2.0, 3.0]) == 0.0


def test_what_moves_both_is_taken_out_and_what_tells_them_apart_is_kept() -> None:
    level = [1 + number / 20 for number in range(40)]
    base, new = without_common_drift([level, [1.05 * one for one in level]])
    middle = slice(5, 35)
    assert max(base[middle]) / min(base[middle]) < 1.01
    assert [b / a for a, b in zip(base, new, strict=True)] == pytest.approx([1.05] * 40)


@pytest.mark.parametrize(
    ("limits", "loops", "call_s", "sizes"),
    [
        (Limits(), 10, 1e-4, [40] * 50),
        (Limits(), 1, 0.05, [2] * 50),
        (Limits(), 1, 0.2, [1] * 25),
        (Limits(), 1, 60.0, [1]),
        (Limits(max_iterations=30), 10, 1e-6, [1] * 3),
        (Limits(iterations=7), 1, 60.0, [1] * 7),
        (Limits(iterations=100), 1, 1.0, [2] * 50),
        (Limits(iterations=100, max_iterations=10), 1, 1.0, [1] * 10),
    ],
)
def test_samples_are_shared_out_within_the_limits(limits: Limits, loops: int, call_s: float, sizes: list[int]) -> None:
    assert limits.sizes(loops, call_s) == sizes


def test_every_sample_has_its_block() -> None:
    for count in (1, 49, 50, 51, 99, 1234):
        assert sum(shared_out(count)) == count
        assert max(shared_out(count)) - min(shared_out(count)) <= 1


def test_words() -> None:
    seconds = (0, 1.234e-9, 9.999e-7, 1e-6, 0.0123456, 0.9999, 1, 1234.5)
    assert [duration(one) for one in seconds] == [
        "0.00 ns", "1.23 ns", "1.00 us", "1.00 us", "12.3 ms", "1.00 s", "1.00 s", "1,234 s",
    ]  # fmt: skip
    assert [rate(one) for one in (0.5, 1234, 2e6, 3e9)] == ["0.50 /s", "1.23 k/s", "2.00 M/s", "3.00 G/s"]


def test_mad() -> None:
    assert mad([1, 2, 3, 4, 100]) == 1
