"""What one poll of one source gave: a payload or a failure, and what it cost."""

from typing import Literal

from perftui.model.application import ApplicationMetrics
from perftui.model.base import Model
from perftui.model.host import HostMetrics
from perftui.model.index import IndexOverview
from perftui.model.mongodb import MongoServer, ReplicaSet
from perftui.model.operation import OperationList
from perftui.model.query import SlowQueryBatch
from perftui.model.redis import RedisServer, RedisSlowLog
from perftui.model.target import Target

FailureKind = Literal[
    "name",  # the host's name does not resolve
    "refused",  # nothing listens there
    "unreachable",  # no route, or packets dropped
    "timeout",  # connected, but no answer in time
    "tls",
    "login",
    "rights",
    "protocol",  # something answers, but not what was expected
    "unsupported",
    "internal",  # our own fault
]

Payload = (
    MongoServer
    | ReplicaSet
    | OperationList
    | SlowQueryBatch
    | IndexOverview
    | ApplicationMetrics
    | RedisServer
    | RedisSlowLog
    | HostMetrics
)


class Failure(Model, frozen=True, kw_only=True):
    """Why a source could not read, in words, and what would help."""

    kind: FailureKind
    message: str
    """One sentence: what is wrong. Holds no secret."""
    help: str
    """One sentence: what to do."""


class Capability(Model, frozen=True, kw_only=True):
    """One thing that a source may be able to read."""

    name: str
    """Such as `operations` or `profiler`."""
    state: Literal["granted", "missing", "unsupported", "unknown"]
    shows: str
    """What the user sees with it."""
    needs: str | None = None
    """The privilege or setting it needs."""
    grant: str | None = None
    """The exact command that gives it."""


class Sample(Model, frozen=True, kw_only=True):
    """The outcome of one poll."""

    source: str
    """Such as `mongodb.operations`."""
    target: Target
    taken_at: float
    duration_ms: float
    received_bytes: int | None = None
    sent_commands: int = 0
    payload: Payload | None = None
    failure: Failure | None = None
    notes: tuple[str, ...] = ()
    """Sentences worth knowing about this reading, such as which fallback was used."""
    clock_offset_s: float | None = None
    """The server's clock less the middle of the round trip."""
