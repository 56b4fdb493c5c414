"""An application's metrics as the monitor sees them, whatever document they came from."""

from collections.abc import Iterable
from typing import Literal

from perftui.model.base import Model
from perftui.model.budgets.standing import BudgetState
from perftui.model.metrics import (
    BudgetDocument,
    QueryCallerDocument,
    QueryPoolDocument,
    SlowRequestDocument,
    ValueSizesDocument,
    WebSocketDocument,
)
from perftui.model.query import LatencySummary

MetricsFormat = Literal["perftui", "older", "openmetrics"]


class Uncertainty(Model, frozen=True, kw_only=True):
    """Bounds of a quantile that was taken from buckets, in milliseconds; `high` is `None` in the last, open bucket."""

    low: float
    high: float | None = None


class RecentRequests(Model, frozen=True, kw_only=True):
    """What ended between the last two readings, where the document counts on: it shows at once what changed."""

    span_s: float
    requests: int
    average_ms: float | None = None
    server_errors: int | None = None
    client_errors: int | None = None
    """Refused with a status of 4xx; clients that left are no part of them where that is told."""
    queries: int | None = None
    """Commands that they sent to MongoDB; `None` where the application does not tell."""
    query_ms: float | None = None
    """How long they waited for these, all together."""
    mostly: str | None = None
    """Id of the shape that most of these commands had, among those that are told."""
    mostly_queries: int | None = None
    cache_calls: int | None = None
    cache_ms: float | None = None


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
    limits: tuple[BudgetDocument, ...] = ()
    """The budgets' limits and how each stands, the application's own and those of the monitor's file."""
    last_seen_at: float | None = None
    active: int | None = None
    """In flight."""
    recent: RecentRequests | None = None
    streams: int | None = None
    """Of the requests, how many were answered in more than one part: these may last as long as they like."""
    exceptions: dict[str, int] = {}
    """What was raised, by class."""
    disconnects: int | None = None
    """Clients that left before the last byte."""
    request_bytes: int | None = None
    response_bytes: int | None = None


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
    limits: tuple[BudgetDocument, ...] = ()
    """Of budgets; so is that of queries."""
    expirations: int | None = None
    errors: int | None = None
    missed_keys: tuple[KeyUse, ...] = ()
    """Most missed first: what warming would serve."""
    hit_rate_now: float | None = None
    """Of the gets between the last two polls; `hit_rate` is the window's."""
    capacity: int | None = None
    """How many keys fit."""
    evictions_by_reason: dict[str, int] = {}
    value_bytes: ValueSizesDocument = ValueSizesDocument()


def hit_rate_now(caches: Iterable[CacheStats]) -> float | None:
    """Of all gets of these caches between the last two readings."""
    known = [(one.hit_rate_now, one.gets_per_s) for one in caches]
    gets = sum(per_s for share, per_s in known if share is not None and per_s is not None)
    hits = sum(share * per_s for share, per_s in known if share is not None and per_s is not None)
    return hits / gets if gets else None


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
    limits: tuple[BudgetDocument, ...] = ()
    errors: int | None = None
    slow: int | None = None
    plan: str | None = None
    """The newest plan in short, where the application explains its slow queries."""
    score: int | None = None
    advice: tuple[str, ...] = ()
    callers: tuple[QueryCallerDocument, ...] = ()
    """The application's endpoints that sent it."""


class ApplicationQueries(Model, frozen=True, kw_only=True):
    count: int | None = None
    slow: int | None = None
    latency_ms: LatencySummary = LatencySummary()
    groups: tuple[QueryGroup, ...] = ()
    errors: int | None = None
    pools: tuple[QueryPoolDocument, ...] = ()


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
    slow_requests: tuple[SlowRequestDocument, ...] = ()
    websockets: tuple[WebSocketDocument, ...] = ()
    clear_types: tuple[str, ...] = ()
    """What this document's clear accepts: api, query, cache, all; empty where it cannot be cleared."""
