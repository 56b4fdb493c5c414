"""`perftui.analysis/1`: slow queries by shape, their scores, and the indexes that would help."""

from typing import Any, Literal

import msgspec

from perftui.model.base import Model, plain
from perftui.model.finding import Finding, Penalty
from perftui.model.index import KeyPattern

AnalysisSource = Literal["profiler", "slowlog", "currentop", "logfile", "query"]
"""`query`: one query that was given, never run."""


class Latency(Model, frozen=True, kw_only=True):
    """Milliseconds."""

    avg: float | None = None
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    max: float | None = None
    total: float | None = None


class AnalysedShape(Model, frozen=True, kw_only=True):
    """All executions of one shape. Counters are totals over all of them."""

    id: str
    ns: str
    op: str
    shape: str
    sample: str = ""
    """One command of this shape as extended JSON; its values are `?` unless they were asked for."""
    count: int = 0
    latency_ms: Latency = Latency()
    docs_examined: int | None = None
    keys_examined: int | None = None
    returned: int | None = None
    plan_summary: str | None = None
    score: int | None = None
    penalties: tuple[Penalty, ...] = ()
    findings: tuple[Finding, ...] = ()
    first_seen_at: float | None = None
    last_seen_at: float | None = None
    applications: tuple[str, ...] = ()


class Expected(Model, frozen=True, kw_only=True):
    """What one execution should examine with the index, as the mean over the shapes served, weighted by executions."""

    keys_examined: float | None = None
    docs_examined: float | None = None
    improvement: float | None = None
    """Cost today / cost with it; the cost is keys + 2 documents + n log2 n of a blocking sort."""


class ServedShape(Model, frozen=True, kw_only=True):
    """What one shape examines in one execution, today and with the recommendation."""

    id: str
    shape: str
    executions: int = 0
    keys_before: float | None = None
    docs_before: float | None = None
    cost_before: float | None = None
    keys_after: float | None = None
    docs_after: float | None = None
    cost_after: float | None = None
    blocking_sort_after: bool = False


class Recommendation(Model, frozen=True, kw_only=True):
    """An index to create, with its reasons."""

    ns: str
    """database.collection."""
    keys: KeyPattern
    options: dict[str, Any] = {}
    """Of createIndexes, plain extended JSON: partialFilterExpression, collation, sparse, weights, ..."""
    name: str
    serves: tuple[str, ...]
    """Ids of shapes."""
    supersedes: tuple[str, ...] = ()
    """Names of existing indexes that it makes unnecessary."""
    reason: str
    """Sentences: why these fields in this order."""
    expected: Expected = Expected()
    command: str
    """The exact command in mongosh's notation."""
    warnings: tuple[str, ...] = ()
    shapes: tuple[ServedShape, ...] = ()
    size_bytes: int | None = None
    """Estimated."""
    write_cost: float | None = None
    """Index keys written more for each document inserted, estimated; more than 1 for an array."""
    basis: Literal["model", "rehearsed"] = "model"
    """Where the expected figures come from: the cost model, or a rehearsal on a sample of the data."""


class Suggestion(Model, frozen=True, kw_only=True):
    """A change of the application's query that an index alone cannot replace, such as `$text` for a regex."""

    ns: str
    shape: str
    """Id of the shape."""
    message: str


class Declined(Model, frozen=True, kw_only=True):
    """A shape for which no index is recommended, and why."""

    ns: str
    shape: str
    """Id of the shape."""
    reason: str


class Analysis(Model, frozen=True, kw_only=True):
    schema: Literal["perftui.analysis/1"] = "perftui.analysis/1"
    source: AnalysisSource
    entries: int = 0
    lost_entries: int | None = 0
    since: float | None = None
    until: float | None = None
    shapes: tuple[AnalysedShape, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()
    declined: tuple[Declined, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    notes: tuple[str, ...] = ()
    """Sentences on what could not be read or was left out."""
    target: str | None = None
    """The server's address without secrets, or the file's name."""

    def to_json(self) -> bytes:
        return msgspec.json.encode(self, enc_hook=plain)
