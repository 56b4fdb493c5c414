"""Operations as they are now: looked at just before they are killed, and just after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from perftui.actions.base import Problem
from perftui.model.operation import Operation
from perftui.model.text import safe_text
from perftui.sources.mongodb.client import APP_NAME
from perftui.sources.mongodb.operation_entry import noise_of, serves_the_set
from perftui.sources.mongodb.operation_place import command_of, namespace_of

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

Entry = Mapping[str, Any]
OpId = int | str

UNAUTHORIZED = 13
WRITES = ("update", "remove", "insert")
NOT_ALLOWED_TO_KILL = (
    "This login may not kill operations of other users; grant the privilege killop with "
    "db.getSiblingDB('admin').grantRolesToUser('<user>', ['hostManager'])."
)
_CLOCK_SLACK_S = 0.5
_FIELDS = (
    "opid", "op", "ns", "client", "client_s", "microsecs_running", "secs_running", "killPending", "msg", "appName",
    "active", "type", "desc", "effectiveUsers", "runBy", "command", "cursor.originatingCommand",
)  # fmt: skip


def never_killed(operation: Operation) -> Problem | None:
    """Only a client's operation may be killed, never the server's own work."""
    if operation.opid is None:
        return Problem(blocking=True, message="an idle cursor or session has no opid to kill.")
    if operation.noise is not None or not operation.killable:
        return Problem(blocking=True, message="this is the server's own work or perftui's, not a client's operation.")
    return None


async def find_operation(client: Client, opid: OpId | None) -> Entry | None:
    """The entry of this opid, with all users' operations where the login may see them."""
    return None if opid is None else (await find_operations(client, [opid])).get(opid)


async def find_operations(client: Client, opids: Sequence[OpId]) -> dict[OpId, Entry]:
    """Those of these that run now, by opid."""
    from pymongo.errors import OperationFailure

    try:
        return await _current(client, opids, all_users=True)
    except OperationFailure as error:
        if error.code != UNAUTHORIZED:
            raise
    return await _current(client, opids, all_users=False)


async def _current(client: Client, opids: Sequence[OpId], *, all_users: bool) -> dict[OpId, Entry]:
    cursor = await client.admin.aggregate(
        [
            {"$currentOp": {"allUsers": all_users, "idleConnections": False, "truncateOps": True}},
            {"$match": {"opid": {"$in": list(opids)}}},
            {"$limit": len(opids)},
            {"$project": dict.fromkeys(_FIELDS, 1)},
        ],
        maxTimeMS=2000,
    )
    async with cursor:
        return {entry["opid"]: entry for entry in await cursor.to_list()}


def is_same(entry: Entry, operation: Operation) -> bool:
    """Not a later operation under a used opid: kind, namespace, connection and shape agree, and it is not younger."""
    if safe_text(namespace_of(entry), 300) != operation.ns or not _is_of_kind(entry, operation):
        return False
    client = entry.get("client") or entry.get("client_s")
    if client and operation.client and not str(client).startswith(operation.client):
        return False
    if not _has_shape(entry, operation):
        return False
    running = entry.get("microsecs_running")
    if running is None or operation.running_s is None:
        return True
    return float(running) / 1e6 >= operation.running_s - _CLOCK_SLACK_S


def _is_of_kind(entry: Entry, operation: Operation) -> bool:
    """One that waited to begin when it was listed is a `command` until it does."""
    kind = entry.get("op")
    return kind == operation.op or (operation.op == "command" and kind in (*WRITES, "query"))


def is_ours_or_the_servers(entry: Entry) -> bool:
    """Whatever was listed: this is perftui's own work, the server's, or that of another member of the set."""
    return entry.get("appName") == APP_NAME or noise_of(entry) is not None or serves_the_set(entry)


def _has_shape(entry: Entry, operation: Operation) -> bool:
    """A command that the server cut has none that could be compared."""
    from perftui.advice.shapes.shape import shape_of

    command = command_of(entry)
    if operation.shape_id is None or not command or "$truncated" in command:
        return True
    return shape_of(command, operation.ns).id == operation.shape_id
