"""A query's plan: the tree of an explain, or of a profiled execution, whatever the engine."""

from typing import Literal

from perftui.model.base import Model
from perftui.model.index import KeyPattern

Verbosity = Literal["queryPlanner", "executionStats", "profile"]
"""`profile`: read from the execStats of a profiled execution."""
Engine = Literal["classic", "sbe", "express", "unknown"]


class Stage(Model, frozen=True, kw_only=True):
    """One node. Counters are of the whole execution and `None` where only the planner was asked."""

    name: str
    """COLLSCAN, IXSCAN, FETCH, SORT, ... or a pipeline's stage, such as `$group`."""
    ns: str | None = None
    """The collection where it is another than the plan's, as for `$lookup`."""
    shard: str | None = None
    index: str | None = None
    keys: KeyPattern = ()
    bounds: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Field -> intervals as the server writes them, bounded."""
    backwards: bool = False
    multikey: bool = False
    filter: str | None = None
    """What it checks on every document or key, as extended JSON."""
    sort: KeyPattern = ()
    limit: int | None = None
    detail: str | None = None
    """What else tells the stage apart: the strategy of a lookup, the fields of a projection."""
    keys_examined: int | None = None
    documents_examined: int | None = None
    collection_scans: int | None = None
    """How often a lookup read its whole foreign collection."""
    returned: int | None = None
    """Documents or keys passed on; what a write or a count matched."""
    time_ms: float | None = None
    """With its inputs, as the server gives it."""
    own_time_ms: float | None = None
    """Without its inputs."""
    works: int | None = None
    memory_bytes: int | None = None
    used_disk: bool = False
    spills: int | None = None
    spilled_bytes: int | None = None
    seeks: int | None = None
    failed: bool = False
    inputs: tuple["Stage", ...] = ()


class Plan(Model, frozen=True, kw_only=True):
    """How the server answers, or answered, one command."""

    ns: str
    op: str
    verbosity: Verbosity
    engine: Engine = "unknown"
    taken_at: float
    winning: Stage
    rejected: tuple[Stage, ...] = ()
    keys_examined: int | None = None
    documents_examined: int | None = None
    returned: int | None = None
    time_ms: float | None = None
    indexes: tuple[str, ...] = ()
    """Names of all indexes used, anywhere in the tree."""
    sharded: bool = False
    finished: bool = True
    """False: the time limit ended it, so that the counters are those of a part."""
    error: str | None = None
    """Why it did not finish, in words."""
    worst: tuple[int, ...] = ()
    """Path of the stage to look at first: positions among `inputs` from the root on."""
    server_version: str | None = None
    raw: str = ""
    """The whole reply as extended JSON, bounded."""
