"""What a login may do, from one `connectionStatus` instead of commands that would be refused and logged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from perftui.model.sample import Capability

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient


class Need(NamedTuple):
    """One thing that can be seen or done, the action it takes, and a role that has it."""

    name: str
    action: str
    shows: str
    role: str
    where: Literal["cluster", "profile", "data"]


NEEDS = (
    Need("server status", "serverStatus", "rates, connections, queues, cache, tickets", "clusterMonitor", "cluster"),
    Need("operations", "inprog", "the operations of all users", "clusterMonitor", "cluster"),
    Need("slow log", "getLog", "slow queries where nothing is profiled", "clusterMonitor", "cluster"),
    Need("members", "replSetGetStatus", "the replica set's members and their lag", "clusterMonitor", "cluster"),
    Need("profiler", "find", "every profiled query", "clusterMonitor", "profile"),
    Need("kill", "killop", "ending an operation of another user", "hostManager", "cluster"),
    Need("explain", "find", "plans of queries", "readAnyDatabase", "data"),
    Need("profiling level", "enableProfiler", "switching the profiler on and off", "dbAdminAnyDatabase", "data"),
)


class Login:
    """Who is logged in, and what that login may do."""

    def __init__(self, status: Mapping[str, Any]) -> None:
        info = status.get("authInfo") or {}
        users = info.get("authenticatedUsers") or ()
        self.user: str | None = users[0].get("user") if users else None
        self.database: str = users[0].get("db", "admin") if users else "admin"
        self._privileges: Iterable[Mapping[str, Any]] = info.get("authenticatedUserPrivileges") or ()

    def may(self, need: Need) -> bool:
        """Whether a privilege allows it; without a login whatever the server lets everybody do is not known here."""
        return any(
            need.action in privilege.get("actions", ()) and _covers(privilege.get("resource") or {}, need.where)
            for privilege in self._privileges
        )

    def grant(self, role: str) -> str:
        """The exact command that gives this login a role."""
        if self.user is None:
            return f'db.getSiblingDB("admin").createUser({{user: "perftui", pwd: passwordPrompt(), roles: ["{role}"]}})'
        return f'db.getSiblingDB("{self.database}").grantRolesToUser("{self.user}", [{{role: "{role}", db: "admin"}}])'


async def read_login(client: AsyncMongoClient[dict[str, Any]], max_time_ms: int) -> Login:
    """One command that everybody may run."""
    return Login(await client.admin.command({"connectionStatus": 1, "showPrivileges": True, "maxTimeMS": max_time_ms}))


def capabilities(login: Login, *, open_server: bool) -> tuple[Capability, ...]:
    """Every need with its state; an open server (no access control) grants all of them."""
    return tuple(_capability(need, login, granted=open_server or login.may(need)) for need in NEEDS)


def _capability(need: Need, login: Login, *, granted: bool) -> Capability:
    return Capability(
        name=need.name,
        state="granted" if granted else "missing",
        shows=need.shows,
        needs=f"{need.action} ({need.role})",
        grant=None if granted else login.grant(need.role),
    )


def _covers(resource: Mapping[str, Any], where: str) -> bool:
    if resource.get("anyResource"):
        return True
    if where == "cluster":
        return bool(resource.get("cluster"))
    collection = resource.get("collection")
    if where == "profile":
        return collection == "system.profile" or (collection == "" and resource.get("db") == "")
    return collection == "" and "db" in resource and resource.get("db") not in ("local", "config")
