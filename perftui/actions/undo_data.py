"""What the journal keeps of an action so that it can be taken back exactly."""

from typing import Literal

from perftui.model.base import Model
from perftui.model.proof import ProofShape

UndoKind = Literal["drop indexes", "create indexes", "hide index", "unhide index", "restore profiling"]


class KeptIndex(Model, frozen=True, kw_only=True):
    """An index as listIndexes gave it."""

    ns: str
    name: str
    definition: str
    """The whole definition as canonical extended JSON: types and the order of fields stay what they were."""
    shapes: tuple[ProofShape, ...] = ()
    """Of an index that we created: what its shapes did before."""


class KeptProfiling(Model, frozen=True, kw_only=True):
    """The profiler's settings of one database, and the two that the whole mongod shares."""

    level: int
    slow_ms: int | None = None
    sample_rate: float | None = None
    filter: str | None = None
    """Canonical extended JSON; `None`: there is none."""


class UndoData(Model, frozen=True, kw_only=True):
    """What takes the action back; `undoes` names the journal entry that this very action takes back."""

    kind: UndoKind | None = None
    """`None`: it cannot be taken back."""
    ns: str = ""
    """A database for profiling; empty where indexes of several collections are named."""
    member: str = ""
    """Host and port that the command was sent to."""
    connection: str = ""
    """Id of the connection's target: that of the whole set where the URI names a set."""
    indexes: tuple[KeptIndex, ...] = ()
    before: KeptProfiling | None = None
    after: KeptProfiling | None = None
    """The settings that we left: they are put back only while these still hold."""
    until: float | None = None
    """When a window of profiling ends, Unix seconds."""
    owner_pid: int | None = None
    owner_started: float | None = None
    """When the process of that pid started: a later process may have the same number."""
    undoes: str | None = None
