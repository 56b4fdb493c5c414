"""The fast text reader against prometheus_client's own parser, and quantiles and growth by rule."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.parser import text_string_to_metric_families

from perftui.sources.application.counting import Growth
from perftui.sources.application.quantiles import quantile
from perftui.sources.application.text import TextReader

_VALUES = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=12)
_TRICKY = st.sampled_from(["} ", '"', "\\", "\n", '\\"} 7', "a} b", ",", "{", "#", " "])


def _expected(text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[(sample.name, frozenset(sample.labels.items()))] = sample.value
    return found


def _actual(reader: TextReader, text: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    values = reader.read(text)
    pairs = zip(reader.series, values, strict=True)
    return {(one.name, frozenset(one.labels.items())): value for one, value in pairs if value is not None}


@given(st.lists(st.tuples(_VALUES | _TRICKY, _VALUES | _TRICKY, st.floats(0, 1e9)), max_size=8))
def test_reads_what_the_client_library_reads(rows: list[tuple[str, str, float]]) -> None:
    registry = CollectorRegistry()
    counter = Counter("http_requests", "Help } with { signs", ["path", "status"], registry=registry)
    histogram = Histogram("x_request_duration_seconds", "h", ["handler"], registry=registry)
    reader = TextReader(lambda name: True)
    for path, status, amount in rows:
        counter.labels(path, status).inc(amount)
        histogram.labels(path).observe(amount)
    for _ in range(2):  # the second time through what is remembered
        text = generate_latest(registry).decode()
        assert _actual(reader, text) == _expected(text)
        assert reader.broken_lines == 0
        for path, status, _ in rows:
            counter.labels(path, status).inc(3)


def test_times_exemplars_and_odd_lines() -> None:
    text = (
        'a{x="1"} 5 1395066363000\n'
        'b 1.5e3 # {trace_id="} 9"} 0.67 1.0\n'
        'c_bucket{le="0.1",} +Inf\n'
        "d NaN\n"
        "e\t7\n"
        '{"f.g", "h i"="j"} 8\r\n'
        "broken{x=1} 2\n"
        "# EOF\n"
    )
    reader = TextReader(lambda name: True)
    for _ in range(2):
        read = reader.read(text)
        values = dict(zip([one.name for one in reader.series], read, strict=True))
        assert values["a"] == 5
        assert values["b"] == 1500
        assert values["c_bucket"] == math.inf
        assert math.isnan(values["d"] or 0)
        assert values["e"] == 7
        assert values["f.g"] == 8
        assert reader.broken_lines == 1


def test_openmetrics_with_exemplars_of_the_library() -> None:
    registry = CollectorRegistry()
    histogram = Histogram("x_request_duration_seconds", "h", ["path"], registry=registry)
    histogram.labels("/a").observe(0.2, {"trace_id": "abc"})
    reader = TextReader(lambda name: name.endswith("_bucket"))
    values = reader.read(generate_openmetrics(registry).decode())  # type: ignore[no-untyped-call]
    assert max(value for value in values if value is not None) == 1
    assert reader.broken_lines == 0


def test_quantile_is_linear_inside_its_bucket_and_open_in_the_last() -> None:
    buckets = [(0.1, 50.0), (0.5, 90.0), (float("inf"), 100.0)]
    median = quantile(buckets, 0.5)
    assert median is not None
    assert median.value == pytest.approx(0.1)
    p70 = quantile(buckets, 0.7, 1000)
    assert p70 is not None
    assert p70.value == pytest.approx(300)
    assert (p70.bounds.low, p70.bounds.high) == (100, 500)
    p99 = quantile(buckets, 0.99)
    assert p99 is not None
    assert p99.value == 0.5
    assert p99.bounds.high is None
    assert quantile([(0.1, 0.0), (float("inf"), 0.0)], 0.5) is None


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=30), st.integers(0, 29))
def test_growth_counts_everything_over_resets(steps: list[int], reset_at: int) -> None:
    growth, value, counted = Growth(300), 0.0, 0.0
    for number, step in enumerate(steps):
        restarted = number == reset_at
        value = float(step) if restarted else value + step
        counted += step
        growth.update(float(number), [value], restarted=restarted)
        assert growth.total(0) == counted


def test_growth_of_a_fallen_value_and_of_the_window() -> None:
    growth = Growth(10.0)
    for second, value in enumerate([100.0, 110.0, 5.0, 15.0]):
        growth.update(float(second), [value], restarted=False)
    assert growth.total(0) == 125
    assert growth.step(0) == 10
    assert growth.in_window(0) == 25
    for second in range(4, 40):
        growth.update(float(second), [15.0], restarted=False)
    assert growth.in_window(0) == 0
    assert growth.covered_s is not None
    assert 10 <= growth.covered_s <= 11
