"""What a MongoDB server is doing now."""

from typing import Literal

from perftui.model.base import Model

Noise = Literal["idle", "internal", "parked", "own"]
"""Why an operation is hidden by default: an idle session, a server thread, a driver's waiting `hello`, perftui."""


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
    """In words: a lock, a ticket, flow control, ... or `None`."""
    yields: int | None = None
    text: str = ""
    """The command on one line, safe to draw, cut to a bounded length."""
    command: str = ""
    """The command as extended JSON, as long as the server gave it; a getmore's is its originating command."""
    message: str | None = None
    progress: Progress | None = None
    shape_id: str | None = None
    shard: str | None = None
    noise: Noise | None = None
    killable: bool = False
    started_at: float | None = None
    """Tells one operation from a later one under the same opid."""


class OperationList(Model, frozen=True, kw_only=True):
    """The operations of one member, longest running first."""

    operations: tuple[Operation, ...] = ()
    hidden: int = 0
    """Operations that match only with the idle and internal ones shown."""
    cut: int = 0
    """Operations that the server had beyond the limit of one poll."""
    sees_all_users: bool | None = None
    """False: only this login's own operations can be seen."""
