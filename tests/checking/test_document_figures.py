"""Figures of a metrics document: any percentile by its histogram, and by what it tells where it has none."""

import random
from statistics import fmean

import pytest
from msgspec.structs import replace

from perftui.checking.document_figures import cache_figures, endpoint_figures, latencies_of
from perftui.checking.document_things import remarks_on, things_of_documents
from perftui.checking.suggesting import Observed, suggestions
from perftui.instrument import CacheMonitor, Registry, build_document
from perftui.instrument.store.tally import Tally
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.limits import parse_limit
from perftui.model.histogram import bucket_of
from perftui.model.metrics import ApiDocument, EndpointDocument, LatencyDocument, MetricsDocument


def measured(microseconds: list[float]) -> LatencyDocument:
    tally = Tally()
    for us in microseconds:
        tally.add([(bucket_of(us), 1)], [], us)
        tally.span(us, us)
    return tally.document()


@pytest.mark.parametrize("q", [0.5, 0.75, 0.9, 0.95, 0.99, 0.999])
def test_every_percentile_is_known_to_a_bucket(q: float) -> None:
    chance = random.Random(7)
    sample = sorted(chance.lognormvariate(8, 1) for _ in range(5000))
    latencies = latencies_of(measured(sample))
    span = latencies.quantile_s(q)
    assert span is not None
    assert span.low == span.high
    assert span.low == pytest.approx(sample[round(q * len(sample)) - 1] / 1e6, rel=0.07)
    assert latencies.average_s == pytest.approx(fmean(sample) / 1e6)
    assert latencies.above(sample[4000] / 1e6) == pytest.approx(1000, rel=0.1)


def test_without_a_histogram_only_what_is_told_is_known() -> None:
    bare = replace(measured([1000.0] * 50 + [9000.0] * 50), hist=None)
    latencies = latencies_of(bare)
    known, between = latencies.quantile_s(0.95), latencies.quantile_s(0.75)
    assert known is not None
    assert between is not None
    assert known.low == known.high
    assert between.low < between.high
    assert latencies.above(0.002) is None


def test_an_endpoint_that_is_gone_from_a_window_had_no_request() -> None:
    one = EndpointDocument(method="GET", route="/a", status={"200": 90, "503": 10}, latency=measured([1e3] * 100))
    long = MetricsDocument(generated_at=0.0, window_s=1800.0, api=ApiDocument(endpoints=(one,), endpoints_omitted=4))
    short = MetricsDocument(generated_at=0.0, window_s=60.0, complete=False, api=ApiDocument())
    (thing,) = things_of_documents({1: short, 30: long})
    recent = thing.held(Budget("*", "avg<1s", window="1m")).figures
    whole = thing.held(Budget("*", "avg<1s", window="30m")).figures
    assert (recent.count, recent.errors, recent.covered_s) == (0, 0, 60.0)
    assert (whole.count, whole.errors, whole.covered_s) == (100, 10, 1800.0)
    assert len(remarks_on({1: short, 30: long})) == 2


def test_caches_of_a_real_document() -> None:
    registry = Registry("shop")
    pages = CacheMonitor("pages", registry)
    for number in range(100):
        (pages.hit if number % 4 else pages.miss)(f"page:{number}", 0.002)
    cache = (build_document(registry).cache or {})["pages"]
    figures = cache_figures(cache, 10.0)
    assert (figures.count, figures.hits, figures.misses) == (100, 75, 25)
    assert figures.efficiency == cache.efficiency.score
    assert endpoint_figures(None, 1.0).count == 0


@pytest.mark.parametrize("seconds", [3e-9, 4.2e-7, 0.00099999, 0.001, 0.0123, 0.0999, 0.999, 1.0, 7.7, 250.0])
def test_suggested_times_are_rounded_up_to_what_people_write(seconds: float) -> None:
    seen = Observed("endpoint", "GET /a", "GET /a", samples=100, p95_s=seconds)
    ((text,),) = [one.limits for one in suggestions([seen], 0.5)]
    limit = parse_limit(text)
    assert seconds * 1.5 * 0.999999 <= limit.value <= max(seconds * 1.5 * 1.35, 1e-12)
    assert limit.holds(seconds)
    assert len(text.strip("p(95)<umsn").replace(".", "").lstrip("0")) <= 4


@pytest.mark.parametrize(
    ("errors", "hits", "limits"),
    [
        (0.0, 1.0, ("error_rate<1%", "hit_rate>95%")),
        (0.02, 0.8, ("error_rate<5%", "hit_rate>70%")),
        (0.6, 0.1, ()),
        (1.0, 0.0, ()),
    ],
)
def test_suggested_shares_hold_or_are_left_out(errors: float, hits: float, limits: tuple[str, ...]) -> None:
    seen = Observed("endpoint", "x", "x", samples=100, error_rate=errors, hit_rate=hits)
    (one,) = suggestions([seen], 0.5)
    assert one.limits == limits
    assert bool(one.why_not) == (not limits)
