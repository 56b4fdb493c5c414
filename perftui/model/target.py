"""What is monitored, and how it is reached."""

from typing import TYPE_CHECKING, Literal

from perftui.model.base import Model
from perftui.model.secret import Secret

if TYPE_CHECKING:
    from perftui.model.way import Way

TargetKind = Literal["mongodb", "redis", "application", "host"]


class Target(Model, frozen=True, kw_only=True):
    """One monitored thing: a MongoDB member, a Redis, an application, a machine."""

    id: str
    """Stable key of this target: its address without secrets, such as `mongodb://db1:27017`."""
    kind: TargetKind
    name: str
    """Short name for a header: the profile's name, else host and port."""
    address: str
    """The URI as it may be shown: no password, no token."""
    group: str | None = None
    """Id of the connection that this target was discovered through (a replica set's URI)."""


class Connection(Model, frozen=True, kw_only=True):
    """How a target is reached. Holds secrets, so it is never part of a Snapshot."""

    target: Target
    uri: Secret
    headers: dict[str, Secret] = {}
    """HTTP headers by name."""
    verify_tls: bool = True
    ca_file: str | None = None
    read_only: bool = False
    """No action may change this target."""
    timeout_s: float = 5.0
    answer_timeout_s: float | None = None
    """How long a command may take once it is sent, where that is longer: for work that somebody waits for."""
    way: "Way | None" = None
    """The way through a bastion, where the target is not reached from here."""
