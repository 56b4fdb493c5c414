"""The source of running operations: `$currentOp`, filtered, sorted and cut on the server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, ClassVar

from msgspec.structs import replace

from perftui.model.operation import ConnectionGroup, OpenTransaction, Operation, OperationList
from perftui.sources.base import Reading
from perftui.sources.mongodb import connection_groups, open_transactions, own_work
from perftui.sources.mongodb.client import APP_NAME
from perftui.sources.mongodb.member import Member, MemberSource, Reply, is_not_allowed
from perftui.sources.mongodb.operation_entry import Described, Entry, describe, operation, opid_of, user_of
from perftui.sources.mongodb.operation_place import locks_of
from perftui.sources.mongodb.plain import documents, part, real, whole

LIMIT = 500
_SAME_START_S = 2.0
_FIELDS = (
    "opid", "active", "op", "ns", "microsecs_running", "secs_running", "client", "client_s", "appName",
    "effectiveUsers", "runBy", "planSummary", "waitingForLock", "locks", "waitingForFlowControl",
    "waitingForLatch", "currentQueue", "numYields", "writeConflicts", "command", "cursor.originatingCommand", "msg",
    "progress", "shard", "desc", "type",
)  # fmt: skip
_LOCK_FIGURES = {"lockStats": {"$cond": ["$waitingForLock", "$lockStats", "$$REMOVE"]}}
"""Long, and told only of those that wait."""
_OUR_OWN = {"appName": {"$ne": APP_NAME}}
_NOISE_FREE: dict[str, Any] = {
    "active": True,
    "$or": [{"op": {"$ne": "none"}}, {"desc": {"$regex": "^IndexBuildsCoordinator"}}],
    "command.hello": {"$exists": False},
    "command.isMaster": {"$exists": False},
    "command.ismaster": {"$exists": False},
    "$nor": [{"op": "getmore", "ns": "local.oplog.rs"}],
}
_ONLY_OWN = "Only this login's own operations can be seen"
_MONGOS = "These are the operations of this mongos; name the shards' members as targets to see theirs."


def pipeline(
    *, all_users: bool, show_noise: bool, mongos: bool = False, limit: int = LIMIT, connections: bool = False
) -> list[dict[str, Any]]:
    """The longest running first, one document: `rows`, counts of the `shown` and of `all`, and open `transactions`.

    With `connections` also who holds the connections.
    """
    idle = {"idleConnections": show_noise or connections, "idleCursors": show_noise, "idleSessions": True}
    # Without it a mongos asks every shard, and refuses a login without `inprog` there.
    local = {"localOps": True} if mongos else {}
    shown: dict[str, Any] = {} if show_noise else _NOISE_FREE
    rows = [
        {"$match": shown},
        {"$sort": {"microsecs_running": -1}},
        {"$limit": limit},
        {"$project": {**dict.fromkeys(_FIELDS, 1), **_LOCK_FIGURES}},
    ]
    everything: dict[str, Any] = {} if show_noise else {"active": True}
    facets = {
        "rows": rows,
        "shown": [{"$match": shown}, {"$count": "n"}],
        "all": [{"$match": everything}, {"$count": "n"}],
        "transactions": open_transactions.facet(),
        "own_work": own_work.facet(),
    }
    if connections:
        facets["connections"] = connection_groups.facet()
    return [
        {"$currentOp": {"allUsers": all_users, "truncateOps": True, **idle, **local}},
        {"$match": _OUR_OWN},
        {"$facet": facets},
    ]


class MongoOperationsSource(MemberSource):
    name: ClassVar[str] = "mongodb.operations"

    def __init__(self, member: Member) -> None:
        super().__init__(member)
        self._show_noise = False
        self._all_users = True
        self._refused: str | None = None
        self._nobody = False
        self._described: dict[tuple[int | str | None, str, str], Described] = {}
        self._watch = connection_groups.ConnectionWatch()
        self._connections: tuple[ConnectionGroup, ...] = ()

    def set_show_noise(self, show: bool) -> bool:
        changed, self._show_noise = show != self._show_noise, show
        return changed

    def set_list_connections(self, wanted: bool) -> bool:
        return self._watch.show(wanted)

    async def connect(self) -> None:
        login = await self._member.look()
        self._all_users, self._refused, self._nobody = True, None, login.nobody
        if not login.may("operations"):
            self._refuse()
        self.capabilities = self._member.capabilities("operations", "kill")

    async def read(self) -> Reading:
        if self._nobody:
            return Reading(None, notes=self._notes())
        reply = await self._seen()
        found = _facets(reply)
        rows = documents(found.get("rows"))
        operations = _with_locks(rows, [self._operation(entry) for entry in rows])
        self._forget_ended(rows)
        shown, everything = _count(found.get("shown")), _count(found.get("all"))
        listed = OperationList(
            operations=operations,
            hidden=max(0, everything - shown),
            cut=max(0, shown - len(operations)),
            transactions=_transactions(documents(found.get("transactions"))),
            connections=self._groups(found),
            own_work=own_work.own_work(documents(found.get("own_work"))),
            sees_all_users=self._all_users,
        )
        return Reading(listed, reply.received_bytes, sent_commands=1, notes=self._notes())

    async def _seen(self) -> Reply:
        """The operations of all users, or of this login alone where the others are refused."""
        if self._all_users:
            try:
                return await self._ask(all_users=True)
            except Exception as error:
                if not is_not_allowed(error):
                    raise
                self._refuse()
        return await self._ask(all_users=False)

    async def _ask(self, *, all_users: bool) -> Reply:
        stages = pipeline(
            all_users=all_users,
            show_noise=self._show_noise,
            mongos=self._member.is_mongos,
            connections=self._watch.wants(self._member.connections, time.monotonic()),
        )
        return await self._member.ask({"aggregate": 1, "pipeline": stages, "cursor": {}})

    def _refuse(self) -> None:
        self._all_users = False
        login = self._member.login
        grant = login.grant("clusterMonitor") if login is not None else ""
        seen = "No operations can be seen without a login" if self._nobody else _ONLY_OWN
        self._refused = f"{seen}. Grant: {grant}"

    def _notes(self) -> tuple[str, ...]:
        return tuple(note for note in (self._refused, _MONGOS if self._member.is_mongos else None) if note is not None)

    def _operation(self, entry: Entry) -> Operation:
        key = _key(entry)
        started_at = _started_at(entry)
        known = self._described.get(key)
        if known is None or _differs(known.started_at, started_at):
            known = self._described[key] = describe(entry, started_at)
        return operation(entry, known)

    def _groups(self, found: Entry) -> tuple[ConnectionGroup, ...]:
        """Of the last reading that asked for them; none once there are few connections again."""
        if "connections" in found:
            self._connections = connection_groups.connection_groups(documents(found.get("connections")))
        elif not self._watch.is_worth_it(self._member.connections):
            self._connections = ()
        return self._connections

    def _forget_ended(self, rows: Sequence[Entry]) -> None:
        if len(self._described) > len(rows):
            running = {_key(entry) for entry in rows}
            self._described = {key: known for key, known in self._described.items() if key in running}


def _facets(reply: Reply) -> Entry:
    return next(iter(documents(part(reply.document, "cursor").get("firstBatch"))), {})


def _with_locks(rows: Sequence[Entry], operations: Sequence[Operation]) -> tuple[Operation, ...]:
    """What each holds, only while somebody waits: it makes every Snapshot longer."""
    if not any(entry.get("waitingForLock") for entry in rows):
        return tuple(operations)
    return tuple(replace(one, locks=locks_of(entry)) for one, entry in zip(operations, rows, strict=True))


def _transactions(entries: Sequence[Entry]) -> tuple[OpenTransaction, ...]:
    return open_transactions.transactions(entries, {index: user_of(entry) for index, entry in enumerate(entries)})


def _key(entry: Entry) -> tuple[int | str | None, str, str]:
    return opid_of(entry), str(entry.get("ns")), str(entry.get("op"))


def _started_at(entry: Entry) -> float | None:
    """By this machine's clock; steady for as long as the operation runs, but for the time of the poll itself."""
    microseconds = real(entry.get("microsecs_running"))
    return None if microseconds is None else round(time.time() - microseconds / 1e6, 1)


def _differs(before: float | None, now: float | None) -> bool:
    return before is None or now is None or abs(before - now) > _SAME_START_S


def _count(counted: object) -> int:
    return next((whole(one.get("n")) or 0 for one in documents(counted)), 0)
