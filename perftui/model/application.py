"""An application's metrics as the monitor sees them, whatever document they came from."""

from typing import Literal

from perftui.model.base import Model
from perftui.model.query import LatencySummary

MetricsFormat = Literal["perftui", "older", "openmetrics"]
BudgetState = Literal["within", "warning", "over"]


class Uncertainty(Model, frozen=True, kw_only=True):
    """Bounds of a quantile that was taken from buckets, in milliseconds; `high` is `None` in the last, open bucket."""

    low: float
    high: float | None = None


class EndpointStats(Model, frozen=True, kw_only=True):
    """One method and route."""

    method: str
    route: str
    requests: int | None = None
    per_s: float | None = None
    latency_ms: LatencySummary = LatencySummary()
    p95_bounds: Uncertainty | None = None
    server_error_rate: float | None = None
    """5xx of all requests, 0 to 1."""
    client_error_rate: float | None = None
    """4xx of all requests, 0 to 1."""
    budget: BudgetState | None = None
    budgets: tuple[str, ...] = ()
    """The budgets in words, with the value against each."""
    last_seen_at: float | None = None


class KeyUse(Model, frozen=True, kw_only=True):
    key: str
    count: int


class CacheStats(Model, frozen=True, kw_only=True):
    """One cache of the application."""

    name: str
    hits: int | None = None
    misses: int | None = None
    hit_rate: float | None = None
    gets_per_s: float | None = None
    sets: int | None = None
    deletes: int | None = None
    evictions: int | None = None
    keys: int | None = None
    used_bytes: int | None = None
    get_ms: float | None = None
    set_ms: float | None = None
    efficiency: float | None = None
    """0 to 100; `None` until there were enough gets."""
    top_keys: tuple[KeyUse, ...] = ()


class QueryGroup(Model, frozen=True, kw_only=True):
    """The application's own queries by collection, operation or shape."""

    by: Literal["collection", "operation", "shape"]
    name: str
    collection: str | None = None
    operation: str | None = None
    shape_id: str | None = None
    count: int
    latency_ms: LatencySummary = LatencySummary()
    examined_documents: int | None = None
    returned: int | None = None


class ApplicationQueries(Model, frozen=True, kw_only=True):
    count: int | None = None
    slow: int | None = None
    latency_ms: LatencySummary = LatencySummary()
    groups: tuple[QueryGroup, ...] = ()


class ApplicationProcess(Model, frozen=True, kw_only=True):
    resident_bytes: int | None = None
    cpu_share: float | None = None
    threads: int | None = None
    uptime_s: float | None = None
    workers: int | None = None


class ApplicationMetrics(Model, frozen=True, kw_only=True):
    """One application."""

    format: MetricsFormat
    service: str | None = None
    version: str | None = None
    complete: bool | None = None
    """False: not all workers are in these figures."""
    window_s: float | None = None
    requests: int | None = None
    per_s: float | None = None
    active: int | None = None
    latency_ms: LatencySummary = LatencySummary()
    p95_bounds: Uncertainty | None = None
    server_error_rate: float | None = None
    client_error_rate: float | None = None
    endpoints: tuple[EndpointStats, ...] = ()
    caches: tuple[CacheStats, ...] = ()
    queries: ApplicationQueries | None = None
    process: ApplicationProcess = ApplicationProcess()
    clear_types: tuple[str, ...] = ()
    """What this document's clear accepts: api, query, cache, all; empty where it cannot be cleared."""
