"""The metrics document that an application serves (`perftui.metrics/1`). Additive changes keep the `/1`."""

from typing import Literal

import msgspec

from perftui.model.base import Model

SCHEMA = "perftui.metrics/1"
SECTIONS = ("api", "query", "cache", "system")
"""What `type` may ask for."""


class HistogramDocument(Model, frozen=True, kw_only=True):
    """A sparse histogram: readers merge workers and hosts by adding counts."""

    scheme: str = "loglin16"
    unit: str = "us"
    b: tuple[tuple[int, int], ...] = ()


class LatencyDocument(Model, frozen=True, kw_only=True):
    """Seconds over the window; `None` where nothing was counted."""

    count: int = 0
    sum_s: float = 0.0
    min_s: float | None = None
    max_s: float | None = None
    p50_s: float | None = None
    p90_s: float | None = None
    p95_s: float | None = None
    p99_s: float | None = None
    hist: HistogramDocument | None = None


class BudgetDocument(Model, frozen=True, kw_only=True):
    """One limit and how it stands."""

    expr: str
    value: float | None = None
    """In the limit's own unit: seconds, a share or a rate a second; `None` where nothing was counted."""
    limit: float | None = None
    ok: bool | None = None
    violations: int = 0
    """Requests in the budget's window that broke the limit by themselves."""
    window_s: float | None = None


class EndpointDocument(Model, frozen=True, kw_only=True):
    method: str
    route: str
    requests_total: int | None = None
    """Since the process started; a clear leaves it."""
    status: dict[str, int] = {}
    latency: LatencyDocument = LatencyDocument()
    budgets: tuple[BudgetDocument, ...] = ()
    last_seen: float | None = None


class ApiDocument(Model, frozen=True, kw_only=True):
    requests: int = 0
    requests_total: int | None = None
    errors_5xx: int = 0
    errors_4xx: int = 0
    rate_per_s: float | None = None
    error_rate: float | None = None
    active: int | None = None
    latency: LatencyDocument = LatencyDocument()
    endpoints: tuple[EndpointDocument, ...] = ()
    endpoints_omitted: int = 0


class QueryGroupDocument(Model, frozen=True, kw_only=True):
    name: str
    latency: LatencyDocument = LatencyDocument()
    errors: int = 0


class QueryShapeDocument(Model, frozen=True, kw_only=True):
    id: str
    collection: str
    """Database and collection."""
    op: str
    shape: str
    count: int = 0
    latency: LatencyDocument = LatencyDocument()
    errors: int = 0
    get_mores: int | None = None
    get_more_s: float | None = None
    """Time spent in the cursors' further batches, beside `latency`."""
    examined: int | None = None
    returned: int | None = None
    plan: str | None = None
    advice: tuple[str, ...] = ()


class SlowQueryDocument(Model, frozen=True, kw_only=True):
    at: float
    shape_id: str
    collection: str
    duration_s: float


class QueryDocument(Model, frozen=True, kw_only=True):
    count: int = 0
    slow: int | None = None
    latency: LatencyDocument = LatencyDocument()
    by_collection: tuple[QueryGroupDocument, ...] = ()
    by_operation: tuple[QueryGroupDocument, ...] = ()
    shapes: tuple[QueryShapeDocument, ...] = ()
    shapes_omitted: int = 0
    slow_samples: tuple[SlowQueryDocument, ...] = ()


class EfficiencyDocument(Model, frozen=True, kw_only=True):
    """0 to 100; `None` until there were enough gets."""

    score: float | None = None
    inputs: dict[str, float | None] = {}


class KeyDocument(Model, frozen=True, kw_only=True):
    key: str
    count: int


class CacheDocument(Model, frozen=True, kw_only=True):
    hits: int = 0
    misses: int = 0
    sets: int = 0
    deletes: int = 0
    evictions: int = 0
    keys: int | None = None
    bytes: int | None = None
    hit_rate: float | None = None
    get: LatencyDocument = LatencyDocument()
    set: LatencyDocument = LatencyDocument()
    efficiency: EfficiencyDocument = EfficiencyDocument()
    top_keys: tuple[KeyDocument, ...] = ()


class SystemDocument(Model, frozen=True, kw_only=True):
    rss_bytes: int | None = None
    cpu: float | None = None
    """CPU seconds a second since the reading before."""
    gc: int | None = None
    """Collections since the process started."""
    threads: int | None = None
    uptime_s: float | None = None


class ServiceDocument(Model, frozen=True, kw_only=True):
    name: str | None = None
    version: str | None = None
    instance: str | None = None


class WorkerDocument(Model, frozen=True, kw_only=True):
    pid: int
    started_at: float | None = None
    last_seen: float | None = None


class MetricsDocument(Model, frozen=True, kw_only=True):
    """A section that was not asked for is `None`."""

    schema: Literal["perftui.metrics/1"] = "perftui.metrics/1"
    generated_at: float
    window_s: float | None = None
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
