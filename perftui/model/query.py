"""Slow queries: single executions, and their digest by shape."""

from typing import Literal

from perftui.model.base import Model
from perftui.model.finding import Finding, Penalty
from perftui.model.metrics import BudgetDocument

_EASED_S, _EASED_TURNS = 6.0, 6
"""Seconds, and so many times of what lay between two heavy executions before."""
QuerySource = Literal["profiler", "slowlog", "currentop", "none"]


class SlowQuery(Model, frozen=True, kw_only=True):
    """One execution that the server profiled or logged."""

    at: float
    ns: str
    op: str
    """find, aggregate, count, distinct, update, delete, findandmodify, insert, bulkwrite, getmore, command, unknown."""
    shape_id: str
    shape: str
    """The shape in words of the query language, values as `?`."""
    duration_ms: float
    examined_documents: int | None = None
    examined_keys: int | None = None
    returned: int | None = None
    plan_summary: str | None = None
    client: str | None = None
    app_name: str | None = None
    user: str | None = None
    sort_in_memory: bool = False
    used_disk: bool = False
    replanned: bool = False
    response_bytes: int | None = None
    yields: int | None = None
    write_conflicts: int = 0
    lock_wait_ms: float = 0.0
    """For locks of any kind; the server names only waits that there were. So is the next."""
    queue_wait_ms: float = 0.0
    """For tickets, flow control, admission and room in the storage engine's cache."""
    query_hash: str | None = None
    error: str | None = None
    error_code: int | None = None
    comment: str | None = None
    executions: int = 1
    """0 for a getmore, whose find was counted already."""
    raw: str = ""
    """The whole entry as extended JSON, bounded to 64 KB; empty where a slower one of the same shape stands for it."""


class SlowQueryBatch(Model, frozen=True, kw_only=True):
    """What one poll found that was not seen before."""

    entries: tuple[SlowQuery, ...] = ()
    read_from: QuerySource = "none"
    lost_entries: int | None = 0
    """Entries overwritten before they could be read; `None` where some were lost but not how many."""
    databases: tuple[str, ...] = ()
    """The databases whose profile is read."""
    unbiased: tuple[str, ...] = ()
    """Of these databases executions are kept however short they are: all, or a fair sample."""
    backlog: bool = False
    """True for what was there before the monitor started."""


class LatencySummary(Model, frozen=True, kw_only=True):
    """Milliseconds."""

    average: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    maximum: float | None = None
    total: float = 0.0


class EndpointUse(Model, frozen=True, kw_only=True):
    """An endpoint of the application that ran a shape, as its operations' comments say."""

    method: str
    route: str
    count: int
    """Executions in the window."""
    total_ms: float = 0.0


class RecentWork(Model, frozen=True, kw_only=True):
    """What a shape did in the last half minute at most: the window's figures are slow to show a change."""

    span_s: float
    count: int = 0
    total_ms: float = 0.0
    longest_ms: float = 0.0
    examined_documents: int | None = None
    examined_keys: int | None = None
    returned: int | None = None
    scans: int = 0
    """Executions and getmores that read their whole collection."""
    used_disk: int = 0
    lock_wait_ms: float = 0.0
    errors: int = 0
    write_conflicts: int = 0
    heavy: int = 0
    """Executions and getmores that examined a thousand documents or keys, or more."""
    heavy_at: float | None = None
    """When the last of all these ended; seconds since 1970."""

    def has_eased(self, at: float, span_s: float) -> bool:
        """Until this time no execution was heavy any more, for far longer than it took from one to the next.

        `at`: by the server's clock. `span_s`: of the half minute, how much was watched.
        """
        if self.heavy_at is None:
            return False
        expected_s = max(span_s / max(self.heavy, 1), self.longest_ms / 1000)
        return at - self.heavy_at > max(_EASED_S, _EASED_TURNS * expected_s)


class DigestRow(Model, frozen=True, kw_only=True):
    """All executions of one shape in the window."""

    shape_id: str
    ns: str
    op: str
    shape: str
    count: int
    per_s: float | None = None
    latency_ms: LatencySummary
    examined_documents: int | None = None
    examined_keys: int | None = None
    returned: int | None = None
    plan_summaries: tuple[str, ...] = ()
    plans_at: tuple[float, ...] = ()
    """When each of these was used last; seconds since 1970."""
    sorts_in_memory: int = 0
    used_disk: int = 0
    """Executions and getmores that wrote to disk for want of memory; so are the next."""
    replans: int = 0
    write_conflicts: int = 0
    lock_wait_ms: float = 0.0
    """The total; so is the next."""
    queue_wait_ms: float = 0.0
    errors: int = 0
    applications: tuple[str, ...] = ()
    recent: RecentWork | None = None
    """`None`: it did not run lately."""
    endpoints: tuple[EndpointUse, ...] = ()
    """Where its executions came from, the most first, where comments say so."""
    limits: tuple[BudgetDocument, ...] = ()
    """Of budgets that hold this shape, and how each stands."""
    last_seen_at: float
    slowest: SlowQuery | None = None
    score: int | None = None
    """0 to 100, from the entries alone; `None` until enough is known."""
    penalties: tuple[Penalty, ...] = ()
    """What the score lost, item by item."""
    findings: tuple[Finding, ...] = ()
    overflow: bool = False
    """True for the one row that stands for all shapes beyond the bound."""


class QueryDigest(Model, frozen=True, kw_only=True):
    """The shapes of one member, most total time first."""

    read_from: QuerySource = "none"
    rows: tuple[DigestRow, ...] = ()
    entries: int = 0
    lost_entries: int | None = 0
    window_s: float = 300.0
    covered_s: float | None = None
    """How much of the window has really been watched or read back."""
    databases: tuple[str, ...] = ()
    unbiased: tuple[str, ...] = ()
    """Of these databases executions are kept however short they are, at the moment."""
