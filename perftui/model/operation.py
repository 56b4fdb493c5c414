"""What a MongoDB server is doing now."""

from typing import Literal

from perftui.model.base import Model

Noise = Literal["idle", "internal", "parked", "own"]
"""Why an operation is hidden by default: an idle session, a server thread, a driver's waiting `hello`, perftui."""


OwnWork = Literal["TTL delete", "fsync lock"]
"""What a server's own thread does that others may wait for: expired documents are deleted, `db.fsyncLock()` is held."""


class Progress(Model, frozen=True, kw_only=True):
    """How far a long operation is, in the server's own units."""

    done: int
    total: int


class Operation(Model, frozen=True, kw_only=True):
    """One entry of `$currentOp`."""

    opid: int | str | None = None
    """`None` for idle cursors and sessions; a string on mongos."""
    active: bool = True
    op: str = "none"
    """query, update, insert, remove, command, getmore, none; an aggregate is a command."""
    ns: str = ""
    running_s: float | None = None
    client: str | None = None
    app_name: str | None = None
    user: str | None = None
    plan_summary: str | None = None
    waiting_for: str | None = None
    """In words: a lock, a ticket, flow control, a write concern, ... or `None`."""
    yields: int | None = None
    write_conflicts: int | None = None
    """How often it ran into another's write and tried again."""
    locks: dict[str, str] = {}
    """What it holds or waits for by kind of resource, such as `Collection: w`; known while anybody waits for a lock."""
    lock_wait_ms: float | None = None
    """How long it has waited for locks, where the server counts that."""
    text: str = ""
    """The command on one line, safe to draw, cut to a bounded length."""
    command: str = ""
    """The command as extended JSON, as long as the server gave it; a getmore's is its originating command."""
    message: str | None = None
    progress: Progress | None = None
    shape_id: str | None = None
    endpoint: str | None = None
    """Method and route of the request that it serves, as its comment says."""
    shard: str | None = None
    noise: Noise | None = None
    killable: bool = False
    started_at: float | None = None
    """Tells one operation from a later one under the same opid."""


class OpenTransaction(Model, frozen=True, kw_only=True):
    """A transaction that is open, whether or not an operation of it is under way."""

    session: str
    """The session's id, as hexadecimal digits."""
    client: str | None = None
    app_name: str | None = None
    user: str | None = None
    started_at: float | None = None
    """By this machine's clock."""
    open_s: float | None = None
    idle_s: float | None = None
    """Of this time, how long no operation of it ran."""
    active: bool = False
    """An operation of it runs now."""
    locks: str = ""
    """What it holds, such as `Collection w`; empty: it has locked nothing."""
    lock_modes: dict[str, str] = {}
    """The same by kind of resource, as the server names them."""
    write_locks: int | None = None
    """How often it locked a collection to write, at least once a writing statement."""
    owner: str = ""
    """Whose session it is: the digest of the user's name, as hexadecimal digits."""
    ns: str = ""
    number: int | None = None
    """Tells it from an earlier or later one of the same session."""


class ConnectionGroup(Model, frozen=True, kw_only=True):
    """Connections of one client machine and application."""

    client: str
    """Without the port."""
    app_name: str | None = None
    connections: int
    active: int = 0
    """Of these, how many have an operation under way."""


class OperationList(Model, frozen=True, kw_only=True):
    """The operations of one member, longest running first."""

    operations: tuple[Operation, ...] = ()
    hidden: int = 0
    """Operations that match only with the idle and internal ones shown."""
    cut: int = 0
    """Operations that the server had beyond the limit of one poll."""
    transactions: tuple[OpenTransaction, ...] = ()
    """The longest open first, bounded."""
    connections: tuple[ConnectionGroup, ...] = ()
    """Who holds the server's connections, the most first, bounded; read while there are unusually many."""
    own_work: tuple[OwnWork, ...] = ()
    sees_all_users: bool | None = None
    """False: only this login's own operations can be seen."""
