"""Log-linear buckets: no gap, at most 6 % wide, quantiles close to the truth."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from perftui.model.histogram import BUCKETS, Histogram, bounds_of, bucket_of

MICROSECONDS = st.integers(min_value=0, max_value=60_000_000)


@given(MICROSECONDS)
def test_a_duration_lies_in_its_bucket(us: int) -> None:
    low, high = bounds_of(bucket_of(us))
    assert low <= us < high
    assert high - low <= max(1, low / 16)


def test_buckets_join_without_gap_or_overlap() -> None:
    bounds = [bounds_of(index) for index in range(BUCKETS)]
    assert bounds[0][0] == 0
    assert all(before[1] == after[0] for before, after in pairwise(bounds))
    assert bounds[-1][0] <= 60_000_000 < bounds[-1][1]


@given(st.lists(st.floats(min_value=-5, max_value=1e9), max_size=50))
def test_every_record_counts_once_in_its_bucket(durations: list[float]) -> None:
    histogram = Histogram()
    for us in durations:
        histogram.record_us(us)
    assert histogram.count == len(durations)
    assert [histogram.counts[bucket_of(us)] > 0 for us in durations] == [True] * len(durations)


@given(st.lists(MICROSECONDS), st.lists(MICROSECONDS))
def test_merged_histograms_are_the_histogram_of_all(one: list[int], other: list[int]) -> None:
    first, second, both = Histogram(), Histogram(), Histogram()
    for histogram, durations in ((first, one), (second, other), (both, one + other)):
        for us in durations:
            histogram.record_us(us)
    first.merge(second.sparse())
    assert first.counts == both.counts
    assert Histogram(both.sparse()).counts == both.counts


def test_quantiles_of_a_known_distribution_are_within_one_percent() -> None:
    draw = random.Random(7)
    durations = sorted(draw.lognormvariate(9, 1) for _ in range(20_000))
    histogram = Histogram()
    for us in durations:
        histogram.record_us(us)
    for q in (0.5, 0.9, 0.95, 0.99):
        estimate, truth = histogram.quantile_us(q), durations[int(q * len(durations))]
        assert estimate is not None
        assert abs(estimate / truth - 1) < 0.01


def test_an_empty_histogram_has_no_quantile_and_a_foreign_index_is_kept() -> None:
    histogram = Histogram([(BUCKETS + 100, 2), (-3, 1)])
    assert Histogram().quantile_us(0.5) is None
    assert (histogram.counts[-1], histogram.counts[0], histogram.count) == (2, 1, 3)
