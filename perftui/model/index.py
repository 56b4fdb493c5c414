"""Collections and their indexes as one server has them."""

from typing import Any, Literal

from perftui.model.base import Model
from perftui.model.finding import Finding

KeyDirection = int | str
"""1, -1, or the kind of a special index: text, 2dsphere, 2d, hashed."""
KeyPattern = tuple[tuple[str, KeyDirection], ...]
"""Fields and directions in their order; `$**` and `_fts` as the server names them."""
CollectionKind = Literal["collection", "view", "timeseries", "system"]


class Index(Model, frozen=True, kw_only=True):
    """One entry of listIndexes, with what `$indexStats` and `$collStats` tell of it."""

    name: str
    keys: KeyPattern
    unique: bool = False
    sparse: bool = False
    hidden: bool = False
    ttl_s: float | None = None
    """`expireAfterSeconds`."""
    partial_filter: str | None = None
    """`partialFilterExpression` as extended JSON with its fields in their order."""
    collation: str | None = None
    """The collation as extended JSON; `None`: simple binary comparison."""
    options: dict[str, Any] = {}
    """Every other option as the server gave it, plain JSON: weights, wildcardProjection, v, ..."""
    size_bytes: int | None = None
    uses: int | None = None
    """How often this member used it since `used_since`."""
    used_since: float | None = None
    building: bool = False
    """listIndexes names it, but it is not ready."""
    findings: tuple[Finding, ...] = ()


class IndexBuild(Model, frozen=True, kw_only=True):
    """An index build that is under way."""

    ns: str
    names: tuple[str, ...]
    """Of the indexes built; empty where the server does not tell."""
    opid: int | str | None = None
    message: str | None = None
    done: int | None = None
    total: int | None = None
    running_s: float | None = None
    waits_for_quorum: bool = False


class CollectionState(Model, frozen=True, kw_only=True):
    """One collection and what its indexes do."""

    ns: str
    kind: CollectionKind = "collection"
    documents: int | None = None
    average_bytes: float | None = None
    data_bytes: int | None = None
    storage_bytes: int | None = None
    index_bytes: int | None = None
    documents_per_s: float | None = None
    """Growth since the reading before."""
    scans_per_s: float | None = None
    """Collection scans a second (`$collStats.queryExecStats`)."""
    reads_per_s: float | None = None
    """Read operations a second (`$collStats.latencyStats`)."""
    writes_per_s: float | None = None
    """Write operations a second (`$collStats.latencyStats`)."""
    read_ms: float | None = None
    """Mean latency of the reads since the reading before."""
    write_ms: float | None = None
    """Mean latency of the writes since the reading before."""
    capped: bool = False
    sharded: bool = False
    indexes: tuple[Index, ...] = ()
    findings: tuple[Finding, ...] = ()
    """What concerns the collection as a whole, such as too many indexes."""
    read_at: float | None = None


class GoneCollection(Model, frozen=True, kw_only=True):
    """One that was listed before and is not any more: dropped, or renamed. The figures are its last ones."""

    ns: str
    documents: int | None = None
    reads_per_s: float | None = None
    writes_per_s: float | None = None
    listed_at: float
    """When it was listed last; seconds since 1970."""


class IndexOverview(Model, frozen=True, kw_only=True):
    """The collections of one member, bounded: the busiest and largest first."""

    collections: tuple[CollectionState, ...] = ()
    builds: tuple[IndexBuild, ...] = ()
    left_out: int = 0
    """Collections beyond the bound of one reading."""
    gone: tuple[GoneCollection, ...] = ()
    """Of the last quarter of an hour, the latest first."""
