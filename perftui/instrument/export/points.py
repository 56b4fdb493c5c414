"""Metrics as the data points of OpenTelemetry's SDK, which encodes and sends them."""

from typing import TYPE_CHECKING, Literal, NamedTuple

from perftui.instrument.export.metrics import Measured
from perftui.instrument.store.tally import Tally
from perftui.model.histogram import bounds_of

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import HistogramDataPoint, Metric, MetricsData, NumberDataPoint
    from opentelemetry.sdk.resources import Resource

Temporality = Literal["cumulative", "delta"]
BOUNDS_US = tuple(2**power for power in range(4, 26))
"""From 16 µs to 34 s. Powers of two are bounds of loglin16 itself, so every count is exact."""
_BOUNDS_S = tuple(bound / 1e6 for bound in BOUNDS_US)


class Span(NamedTuple):
    """Unix time in seconds: what the figures cover."""

    start: float
    end: float


def metrics_data(
    metrics: list[Measured], span: Span, since: float, temporality: Temporality, resource: "Resource"
) -> "MetricsData":
    """`since`: when the application's figures began; levels are as of the span's end."""
    from opentelemetry.sdk.metrics.export import MetricsData, ResourceMetrics, ScopeMetrics
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope

    from perftui import __version__

    scope = ScopeMetrics(
        scope=InstrumentationScope("perftui", __version__),
        metrics=[_metric(metric, span, since, temporality) for metric in metrics],
        schema_url="",
    )
    return MetricsData([ResourceMetrics(resource=resource, scope_metrics=[scope], schema_url="")])


def _metric(metric: Measured, span: Span, since: float, temporality: Temporality) -> "Metric":
    from opentelemetry.sdk.metrics.export import AggregationTemporality, Histogram, Metric, Sum

    chosen = AggregationTemporality.DELTA if temporality == "delta" else AggregationTemporality.CUMULATIVE
    if metric.form == "histogram":
        histogram = Histogram([_histogram(at, tally, span) for at, tally in metric.points.items()], chosen)
        return Metric(metric.name, metric.about, metric.unit, histogram)
    if metric.form == "level":
        span, chosen = Span(since, span.end), AggregationTemporality.CUMULATIVE
    points = [_number(at, tally.counters.get(metric.counter, 0), span) for at, tally in metric.points.items()]
    return Metric(metric.name, metric.about, metric.unit, Sum(points, chosen, is_monotonic=metric.form == "counter"))


def bucket_counts(tally: Tally) -> list[int]:
    """How many lie below each bound and not below the one before; the last counts what is beyond all."""
    found = [0] * (len(BOUNDS_US) + 1)
    for bucket, number in tally.counts.items():
        end = bounds_of(bucket)[1]
        at = next((place for place, bound in enumerate(BOUNDS_US) if end <= bound), len(BOUNDS_US))
        found[at] += number
    return found


def _histogram(attributes: tuple[tuple[str, str | int], ...], tally: Tally, span: Span) -> "HistogramDataPoint":
    from opentelemetry.sdk.metrics.export import HistogramDataPoint

    return HistogramDataPoint(
        attributes=dict(attributes),
        start_time_unix_nano=_nanoseconds(span.start),
        time_unix_nano=_nanoseconds(span.end),
        count=tally.count,
        sum=tally.sum_us / 1e6,
        bucket_counts=bucket_counts(tally),
        explicit_bounds=_BOUNDS_S,
        min=tally.min_us / 1e6,
        max=tally.max_us / 1e6,
    )


def _number(attributes: tuple[tuple[str, str | int], ...], value: float, span: Span) -> "NumberDataPoint":
    from opentelemetry.sdk.metrics.export import NumberDataPoint

    return NumberDataPoint(
        attributes=dict(attributes),
        start_time_unix_nano=_nanoseconds(span.start),
        time_unix_nano=_nanoseconds(span.end),
        value=round(value) if value == round(value) else value,
    )


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)
