"""The figures of perftui's metrics document, as budgets judge them."""

from perftui.model.budgets.figures import Figures, KnownQuantiles, Latencies, Span
from perftui.model.histogram import SCHEME, bounds_of, quantile_us
from perftui.model.metrics import CacheDocument, EndpointDocument, LatencyDocument, QueryShapeDocument

_QUANTILES = (0.5, 0.9, 0.95, 0.99)


class _Buckets:
    """Any quantile, for the document holds the whole histogram."""

    def __init__(self, document: LatencyDocument, buckets: tuple[tuple[int, int], ...]) -> None:
        self._document, self._buckets = document, sorted(buckets)
        self.average_s = document.sum_s / document.count if document.count else None
        self.min_s, self.max_s = document.min_s, document.max_s

    def quantile_s(self, q: float) -> Span | None:
        found = quantile_us(self._buckets, q)
        if found is None:
            return None
        low, high = self.min_s or 0.0, self.max_s
        seconds = max(found / 1e6, low) if high is None else min(max(found / 1e6, low), high)
        return Span(seconds, seconds)

    def above(self, seconds: float) -> int | None:
        return sum(number for index, number in self._buckets if bounds_of(index)[0] >= seconds * 1e6)


def latencies_of(document: LatencyDocument) -> Latencies:
    """By its histogram, or by the quantiles that it tells where it has none that is known here."""
    histogram = document.hist
    if histogram is not None and (histogram.scheme, histogram.unit) == (SCHEME, "us"):
        return _Buckets(document, histogram.b)
    told = zip(_QUANTILES, (document.p50_s, document.p90_s, document.p95_s, document.p99_s), strict=True)
    average_s = document.sum_s / document.count if document.count else None
    known = {q: Span(value, value) for q, value in told if value is not None}
    return KnownQuantiles(known, average_s=average_s, min_s=document.min_s, max_s=document.max_s)


def endpoint_figures(one: EndpointDocument | None, covered_s: float | None) -> Figures:
    """`None`: it had no request in the window."""
    one = one or EndpointDocument(method="", route="", errors=0)
    errors = one.errors
    if errors is None:
        errors = sum(number for status, number in one.status.items() if status.startswith("5"))
    return Figures(one.latency.count, covered_s, latencies_of(one.latency), errors, in_flight=one.active)


def shape_figures(one: QueryShapeDocument | None, covered_s: float | None) -> Figures:
    one = one or QueryShapeDocument(id="", collection="", op="", shape="")
    return Figures(one.count, covered_s, latencies_of(one.latency), one.errors)


def cache_figures(one: CacheDocument | None, covered_s: float | None) -> Figures:
    one = one or CacheDocument()
    gets, score = one.hits + one.misses, one.efficiency.score
    return Figures(gets, covered_s, latencies_of(one.get), hits=one.hits, misses=one.misses, efficiency=score)
