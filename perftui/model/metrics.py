"""The metrics document that an application serves (`perftui.metrics/1`). Additive changes keep the `/1`."""

from typing import Annotated, Literal

import msgspec

from perftui.model.base import Model

SCHEMA = "perftui.metrics/1"
Whole = Annotated[int, msgspec.Meta(ge=-(2**62), le=2**62)]
Real = Annotated[float, msgspec.Meta(ge=-(2.0**62), le=2.0**62)]
"""What is larger is no measurement, and no recording could hold it."""
SECTIONS = ("api", "query", "cache", "system")
"""What `type` may ask for."""


class HistogramDocument(Model, frozen=True, kw_only=True):
    """A sparse histogram: readers merge workers and hosts by adding counts."""

    scheme: str = "loglin16"
    unit: str = "us"
    b: tuple[tuple[Whole, Whole], ...] = ()


class LatencyDocument(Model, frozen=True, kw_only=True):
    """Seconds over the window; `None` where nothing was counted."""

    count: Whole = 0
    sum_s: Real = 0.0
    min_s: Real | None = None
    max_s: Real | None = None
    p50_s: Real | None = None
    p90_s: Real | None = None
    p95_s: Real | None = None
    p99_s: Real | None = None
    hist: HistogramDocument | None = None


class BudgetDocument(Model, frozen=True, kw_only=True):
    """One limit and how it stands."""

    expr: str
    value: Real | None = None
    """In the limit's own unit: seconds, a share or a rate a second; `None` where nothing was counted."""
    limit: Real | None = None
    ok: bool | None = None
    violations: Whole = 0
    """Requests in the budget's window that broke the limit by themselves."""
    window_s: Real | None = None


class EndpointDocument(Model, frozen=True, kw_only=True):
    method: str
    route: str
    requests_total: Whole | None = None
    """Since the process started; a clear leaves it."""
    status: dict[str, Whole] = {}
    latency: LatencyDocument = LatencyDocument()
    budgets: tuple[BudgetDocument, ...] = ()
    last_seen: Real | None = None


class ApiDocument(Model, frozen=True, kw_only=True):
    requests: Whole = 0
    requests_total: Whole | None = None
    errors_5xx: Whole = 0
    errors_4xx: Whole = 0
    rate_per_s: Real | None = None
    error_rate: Real | None = None
    active: Whole | None = None
    latency: LatencyDocument = LatencyDocument()
    endpoints: tuple[EndpointDocument, ...] = ()
    endpoints_omitted: Whole = 0


class QueryGroupDocument(Model, frozen=True, kw_only=True):
    name: str
    latency: LatencyDocument = LatencyDocument()
    errors: Whole = 0


class QueryShapeDocument(Model, frozen=True, kw_only=True):
    id: str
    collection: str
    """Database and collection."""
    op: str
    shape: str
    count: Whole = 0
    latency: LatencyDocument = LatencyDocument()
    errors: Whole = 0
    get_mores: Whole | None = None
    get_more_s: Real | None = None
    """Time spent in the cursors' further batches, beside `latency`."""
    examined: Whole | None = None
    returned: Whole | None = None
    plan: str | None = None
    advice: tuple[str, ...] = ()


class SlowQueryDocument(Model, frozen=True, kw_only=True):
    at: Real
    shape_id: str
    collection: str
    duration_s: Real


class QueryDocument(Model, frozen=True, kw_only=True):
    count: Whole = 0
    slow: Whole | None = None
    latency: LatencyDocument = LatencyDocument()
    by_collection: tuple[QueryGroupDocument, ...] = ()
    by_operation: tuple[QueryGroupDocument, ...] = ()
    shapes: tuple[QueryShapeDocument, ...] = ()
    shapes_omitted: Whole = 0
    slow_samples: tuple[SlowQueryDocument, ...] = ()


class EfficiencyDocument(Model, frozen=True, kw_only=True):
    """0 to 100; `None` until there were enough gets."""

    score: Real | None = None
    inputs: dict[str, Real | None] = {}


class KeyDocument(Model, frozen=True, kw_only=True):
    key: str
    count: Whole


class CacheDocument(Model, frozen=True, kw_only=True):
    hits: Whole = 0
    misses: Whole = 0
    sets: Whole = 0
    deletes: Whole = 0
    evictions: Whole = 0
    keys: Whole | None = None
    bytes: Whole | None = None
    hit_rate: Real | None = None
    get: LatencyDocument = LatencyDocument()
    set: LatencyDocument = LatencyDocument()
    efficiency: EfficiencyDocument = EfficiencyDocument()
    top_keys: tuple[KeyDocument, ...] = ()


class SystemDocument(Model, frozen=True, kw_only=True):
    rss_bytes: Whole | None = None
    cpu: Real | None = None
    """CPU seconds a second since the reading before."""
    gc: Whole | None = None
    """Collections since the process started."""
    threads: Whole | None = None
    uptime_s: Real | None = None


class ServiceDocument(Model, frozen=True, kw_only=True):
    name: str | None = None
    version: str | None = None
    instance: str | None = None


class WorkerDocument(Model, frozen=True, kw_only=True):
    pid: Whole
    started_at: Real | None = None
    last_seen: Real | None = None


class MetricsDocument(Model, frozen=True, kw_only=True):
    """A section that was not asked for is `None`."""

    schema: Literal["perftui.metrics/1"] = "perftui.metrics/1"
    generated_at: Real
    window_s: Real | None = None
    """What the figures cover; shorter than asked for after a start or a clear."""
    complete: bool | None = None
    """False: other workers serve too, and are not in these figures."""
    service: ServiceDocument = ServiceDocument()
    workers: tuple[WorkerDocument, ...] = ()
    api: ApiDocument | None = None
    query: QueryDocument | None = None
    cache: dict[str, CacheDocument] | None = None
    system: SystemDocument | None = None

    def to_json(self) -> bytes:
        return _ENCODER.encode(self)


_ENCODER = msgspec.json.Encoder()
