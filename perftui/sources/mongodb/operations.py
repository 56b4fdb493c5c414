"""The source of running operations: `$currentOp`, filtered, sorted and cut on the server."""

from __future__ import annotations

import time
from typing import Any, ClassVar

from perftui.model.operation import OperationList
from perftui.model.sample import Failure
from perftui.sources.base import Reading, Source
from perftui.sources.mongodb.client import APP_NAME
from perftui.sources.mongodb.member import Member, Reply, is_not_allowed
from perftui.sources.mongodb.operation_entry import Described, Entry, describe, operation

LIMIT = 500
_SAME_START_S = 2.0
_FIELDS = (
    "opid", "active", "op", "ns", "microsecs_running", "secs_running", "client", "client_s", "appName",
    "effectiveUsers", "runBy", "planSummary", "waitingForLock", "locks", "waitingForFlowControl",
    "waitingForLatch", "currentQueue", "numYields", "command", "cursor.originatingCommand", "msg", "progress",
    "shard", "desc", "type",
)  # fmt: skip
_OUR_OWN = {"appName": {"$ne": APP_NAME}}
_NOISE_FREE: dict[str, Any] = {
    "active": True,
    "$or": [{"op": {"$ne": "none"}}, {"desc": {"$regex": "^IndexBuildsCoordinator"}}],
    "command.hello": {"$exists": False},
    "command.isMaster": {"$exists": False},
    "command.ismaster": {"$exists": False},
    "$nor": [{"op": "getmore", "ns": "local.oplog.rs"}],
}


def pipeline(*, all_users: bool, show_noise: bool, limit: int = LIMIT) -> list[dict[str, Any]]:
    """The longest running first, one document: `rows`, and `counts` of the shown and of all."""
    idle = {"idleConnections": show_noise, "idleCursors": show_noise, "idleSessions": show_noise}
    shown: dict[str, Any] = {} if show_noise else _NOISE_FREE
    rows = [
        {"$match": shown},
        {"$sort": {"microsecs_running": -1}},
        {"$limit": limit},
        {"$project": dict.fromkeys(_FIELDS, 1)},
    ]
    return [
        {"$currentOp": {"allUsers": all_users, "truncateOps": True, **idle}},
        {"$match": _OUR_OWN},
        {"$facet": {"rows": rows, "shown": [{"$match": shown}, {"$count": "n"}], "all": [{"$count": "n"}]}},
    ]


class MongoOperationsSource(Source):
    name: ClassVar[str] = "mongodb.operations"

    def __init__(self, member: Member) -> None:
        super().__init__(member.target)
        self._member = member
        self.timeout_s = member.connection.timeout_s
        self.show_noise = False
        self._all_users = True
        self._refused: str | None = None
        self._described: dict[tuple[int | str | None, str, str], Described] = {}

    async def connect(self) -> None:
        await self._member.look_at_rights(open_server=True)
        self.capabilities = self._member.capabilities("operations", "kill")

    async def read(self) -> Reading:
        if self._all_users:
            try:
                reply = await self._ask(all_users=True)
            except Exception as error:
                if not is_not_allowed(error):
                    raise
                self._refuse()
                reply = await self._ask(all_users=False)
        else:
            reply = await self._ask(all_users=False)
        found = _facets(reply)
        operations = tuple(self._operation(entry) for entry in found["rows"])
        self._forget_ended(found["rows"])
        shown, everything = _count(found["shown"]), _count(found["all"])
        listed = OperationList(
            operations=operations,
            hidden=max(0, everything - shown),
            cut=max(0, shown - len(operations)),
            sees_all_users=self._all_users,
        )
        return Reading(listed, reply.received_bytes, sent_commands=1, notes=(self._refused,) if self._refused else ())

    def explain(self, error: BaseException) -> Failure:
        return self._member.explain(error)

    def reconnect(self) -> None:
        super().reconnect()
        self._all_users, self._refused = True, None

    async def _ask(self, *, all_users: bool) -> Reply:
        stages = pipeline(all_users=all_users, show_noise=self.show_noise)
        return await self._member.ask({"aggregate": 1, "pipeline": stages, "cursor": {}})

    def _refuse(self) -> None:
        self._all_users = False
        login = self._member.login
        grant = login.grant("clusterMonitor") if login is not None else ""
        self._refused = f"Only this login's own operations can be seen. Grant: {grant}"

    def _operation(self, entry: Entry) -> Any:
        key = _key(entry)
        started_at = _started_at(entry)
        known = self._described.get(key)
        if known is None or _differs(known.started_at, started_at):
            known = self._described[key] = describe(entry, started_at)
        return operation(entry, known)

    def _forget_ended(self, rows: list[Entry]) -> None:
        if len(self._described) > len(rows):
            running = {_key(entry) for entry in rows}
            self._described = {key: known for key, known in self._described.items() if key in running}


def _facets(reply: Reply) -> Entry:
    (found,) = reply.document["cursor"]["firstBatch"]
    return found if isinstance(found, dict) else {"rows": [], "shown": [], "all": []}


def _key(entry: Entry) -> tuple[int | str | None, str, str]:
    return entry.get("opid"), str(entry.get("ns")), str(entry.get("op"))


def _started_at(entry: Entry) -> float | None:
    """By this machine's clock; steady for as long as the operation runs, but for the time of the poll itself."""
    microseconds = entry.get("microsecs_running")
    return None if microseconds is None else round(time.time() - microseconds / 1e6, 1)


def _differs(before: float | None, now: float | None) -> bool:
    return before is None or now is None or abs(before - now) > _SAME_START_S


def _count(counted: list[Entry]) -> int:
    return int(counted[0]["n"]) if counted else 0
