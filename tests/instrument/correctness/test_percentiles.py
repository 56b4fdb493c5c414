"""Percentiles of the library's buckets against the exact ones of the same latencies."""

import math
import random
import time
from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.instrument.registry import Registry
from perftui.instrument.store.kinds import Kind
from perftui.instrument.store.tally import Tally, merged
from perftui.model.histogram import BUCKETS, Histogram, bounds_of, bucket_of, quantiles_us

SAMPLES = 100_000
QUANTILES = (0.5, 0.9, 0.95, 0.99)
KIND = Kind("timed", "api", ("name",), timed=True)
Draw = Callable[[random.Random], float]
"""One latency in microseconds."""


def log_normal(median_ms: float, sigma: float) -> Draw:
    return lambda chance: 1000 * median_ms * math.exp(sigma * chance.gauss(0, 1))


def pareto(least_ms: float, alpha: float) -> Draw:
    return lambda chance: 1000 * least_ms * chance.paretovariate(alpha)


LATENCIES = {
    "log-normal, 0.3 ms, narrow": log_normal(0.3, 0.25),
    "log-normal, 5 ms": log_normal(5, 0.5),
    "log-normal, 20 ms, wide": log_normal(20, 1.0),
    "log-normal, 120 ms, very wide": log_normal(120, 1.5),
    "pareto, 0.5 ms, alpha 3": pareto(0.5, 3),
    "pareto, 2 ms, alpha 2": pareto(2, 2),
    "pareto, 10 ms, alpha 1.5": pareto(10, 1.5),
    "pareto, 40 ms, alpha 1.1": pareto(40, 1.1),
}


def exact(ordered: Sequence[float], q: float) -> float:
    """The value of which a share `q` is no greater: the nearest rank."""
    return ordered[max(math.ceil(q * len(ordered)), 1) - 1]


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("name", LATENCIES)
def test_percentiles_are_within_one_percent(name: str, seed: int) -> None:
    chance, histogram = random.Random(f"{name} {seed}"), Histogram()
    values = [LATENCIES[name](chance) for _ in range(SAMPLES)]
    for value in values:
        histogram.record_us(value)
    values.sort()
    assert histogram.count == SAMPLES
    found = quantiles_us(histogram.sparse(), QUANTILES)
    for q, estimate in zip(QUANTILES, found, strict=True):
        assert estimate == pytest.approx(exact(values, q), rel=0.01), q
        assert histogram.quantile_us(q) == estimate


@pytest.mark.parametrize("name", ["log-normal, 20 ms, wide", "pareto, 10 ms, alpha 1.5"])
def test_so_are_those_that_an_application_serves_of_several_series(name: str) -> None:
    """Recorded as a request is, in seconds; the percentiles of all come from their buckets together."""
    registry, chance, now = Registry("shop"), random.Random(name), time.monotonic()
    blocks = [registry.block(KIND, str(number)) for number in range(4)]
    values = [LATENCIES[name](chance) for _ in range(SAMPLES)]
    for number, value in enumerate(values):
        blocks[number % 7 % 4].record(now, value / 1e6)
    values.sort()
    reading = registry.read()
    # Of the last minutes: what all time's extremes are is known to a bucket's width once a minute has ended.
    document = merged(one.window(reading.since_minute(5)) for one in reading.series(KIND.name)).document()
    served = (document.p50_s, document.p90_s, document.p95_s, document.p99_s)
    for q, seconds in zip(QUANTILES, served, strict=True):
        assert (seconds or 0) * 1e6 == pytest.approx(exact(values, q), rel=0.01), q
    assert document.count == SAMPLES
    assert document.sum_s == pytest.approx(sum(values) / 1e6)
    assert document.min_s == pytest.approx(values[0] / 1e6)
    assert document.max_s == pytest.approx(values[-1] / 1e6)


US = st.integers(0, 59_000_000_000).map(lambda nanoseconds: nanoseconds / 1000)
CONSTANT = st.tuples(US, st.integers(1, 300)).map(lambda pair: [pair[0]] * pair[1])
UNIFORM = st.tuples(US, US, st.integers(1, 300)).map(
    lambda drawn: [drawn[0] + (drawn[1] - drawn[0]) * step / drawn[2] for step in range(drawn[2])]
)
BIMODAL = st.tuples(US, US, st.integers(1, 99), st.integers(1, 99)).map(
    lambda drawn: [drawn[0]] * drawn[2] + [drawn[1]] * drawn[3]
)
ANY = st.lists(US, min_size=1, max_size=40) | CONSTANT | UNIFORM | BIMODAL
Q = st.floats(0.001, 1) | st.sampled_from(QUANTILES)


@given(ANY, Q)
def test_any_percentile_of_any_distribution_is_within_the_bucket_of_the_exact_one(
    values: list[float], q: float
) -> None:
    histogram = Histogram()
    for value in values:
        histogram.record_us(value)
    low, high = bounds_of(bucket_of(exact(sorted(values), q)))
    estimate = histogram.quantile_us(q)
    assert estimate is not None
    assert low <= estimate <= high
    assert high - low <= max(1, low / 16)


@given(ANY, Q)
def test_no_percentile_is_outside_of_what_was_measured(values: list[float], q: float) -> None:
    tally = Tally()
    tally.add(((bucket_of(value), 1) for value in values), (), sum(values))
    tally.span(min(values), max(values))
    found = tally.quantile_s(q)
    assert found is not None
    assert min(values) <= found * 1e6 * (1 + 1e-9)
    assert found * 1e6 <= max(values) * (1 + 1e-9)


@given(st.lists(ANY, min_size=1, max_size=5), Q)
def test_parts_merged_in_any_order_are_the_whole(parts: list[list[float]], q: float) -> None:
    whole, one_way, other_way = Histogram(), Histogram(), Histogram()
    histograms = []
    for values in parts:
        histograms.append(Histogram())
        for value in values:
            whole.record_us(value)
            histograms[-1].record_us(value)
    for histogram in histograms:
        one_way.merge(histogram.sparse())
    for histogram in reversed(histograms):
        other_way.merge(histogram.sparse())
    assert whole.counts == one_way.counts == other_way.counts
    assert whole.quantile_us(q) == one_way.quantile_us(q)


def test_the_buckets_have_no_gap_and_no_overlap_up_to_a_minute() -> None:
    bounds = [bounds_of(index) for index in range(BUCKETS)]
    assert bounds[0][0] == 0
    assert all(before[1] == after[0] for before, after in pairwise(bounds))
    assert bounds[-1][1] > 60_000_000
    for index, (low, high) in enumerate(bounds[:-1]):
        assert bucket_of(low) == bucket_of(high - 1) == index
    assert bucket_of(10**12) == BUCKETS - 1


def test_nothing_counted_has_no_percentile() -> None:
    assert Histogram().quantile_us(0.5) is None
    assert Tally().quantile_s(0.5) is None
