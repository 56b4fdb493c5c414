"""What a login may do, from one `connectionStatus` instead of commands that would be refused and logged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple

from perftui.model.sample import Capability
from perftui.sources.mongodb.failures import NOT_ALLOWED, UNAUTHORIZED
from perftui.sources.mongodb.plain import documents, part, text, texts

Ask = Callable[[dict[str, Any]], Awaitable[Mapping[str, Any]]]
"""Runs a command on `admin` and gives its reply."""

# Guarded, cheap and offered by every kind of server: it lists the names of the logs.
_MOST_PRIVILEGES, _MOST_ACTIONS = 10_000, 1_000
_GUARDED = {"getLog": "*"}


class Need(NamedTuple):
    """One thing that can be seen or done, the action it takes, and a role that has it."""

    name: str
    action: str
    shows: str
    role: str
    where: Literal["cluster", "profile", "data"]
    or_action: str = ""
    """Another one that does as well."""


NEEDS = (
    Need("server status", "serverStatus", "rates, connections, queues, cache, tickets", "clusterMonitor", "cluster"),
    Need("operations", "inprog", "the operations of all users", "clusterMonitor", "cluster"),
    Need("slow log", "getLog", "slow queries where nothing is profiled", "clusterMonitor", "cluster"),
    Need("members", "replSetGetStatus", "the replica set's members and their lag", "clusterMonitor", "cluster"),
    Need("profiler", "find", "every profiled query", "clusterMonitor", "profile"),
    Need("kill", "killop", "ending an operation of another user", "hostManager", "cluster"),
    Need("explain", "find", "plans of queries", "readAnyDatabase", "data"),
    Need("indexes", "listIndexes", "indexes with their options", "readAnyDatabase", "data", or_action="indexStats"),
    Need("index statistics", "indexStats", "how often each index is used", "clusterMonitor", "data"),
    Need("collection statistics", "collStats", "documents, sizes, growth, collection scans", "clusterMonitor", "data"),
    Need("profiling level", "enableProfiler", "switching the profiler on and off", "dbAdminAnyDatabase", "data"),
)
_BY_NAME = {need.name: need for need in NEEDS}


class Login:
    """Who is logged in, and what that login may do.

    `status` is the reply of `connectionStatus`. Where it is `None`, or names a user without a list of privileges, the
    server does not tell: then everything is tried.
    `open_server`: it lets everybody do everything, as one without access control does.
    """

    def __init__(self, status: Mapping[str, Any] | None, *, open_server: bool = False) -> None:
        info = part(status or {}, "authInfo")
        users = documents(info.get("authenticatedUsers"))
        self.open_server = open_server
        self.user = text(users[0].get("user")) if users else None
        self.database = (text(users[0].get("db")) if users else None) or "admin"
        self._privileges = tuple(documents(info.get("authenticatedUserPrivileges"), _MOST_PRIVILEGES))
        self.told = status is not None and (self.user is None or "authenticatedUserPrivileges" in info)
        self.has_nothing = self.told and not self._privileges and not documents(info.get("authenticatedUserRoles"))
        """Neither a role nor a privilege: FerretDB and its like say so of every user, and let him do everything."""

    @property
    def nobody(self) -> bool:
        """No login on a server that asks for one: not even its own operations can be seen."""
        return self.told and self.user is None and not self.open_server

    def may(self, name: str) -> bool:
        """Whether it is worth asking; `name` is that of a need."""
        return not self.told or self.open_server or self._has(_BY_NAME[name])

    def allows(self, action: str, database: str, collection: str = "") -> bool:
        """Whether it is worth asking for this collection, or with none for the whole database."""
        if not self.told or self.open_server:
            return True
        return any(
            action in texts(privilege.get("actions"), _MOST_ACTIONS)
            and _is_on(part(privilege, "resource"), database, collection)
            for privilege in self._privileges
        )

    def allows_on_cluster(self, action: str) -> bool:
        """The same for what concerns the server as a whole."""
        if not self.told or self.open_server:
            return True
        return any(
            action in texts(privilege.get("actions"), _MOST_ACTIONS) and _covers(part(privilege, "resource"), "cluster")
            for privilege in self._privileges
        )

    def sees(self, database: str) -> bool:
        """Whether it may do anything at all there, so that the server tells it some names."""
        resources = [part(privilege, "resource") for privilege in self._privileges]
        everything = not self.told or self.open_server
        return everything or any(one.get("anyResource") or one.get("db") in ("", database) for one in resources)

    def grant(self, role: str, on: str = "admin") -> str:
        """The exact command that gives this login a role on a database; without a login, one that is made first."""
        if self.user is None and role != "clusterMonitor":
            return f'db.getSiblingDB("admin").grantRolesToUser("perftui", [{{role: "{role}", db: "{on}"}}])'
        if self.user is None:
            return f'db.getSiblingDB("admin").createUser({{user: "perftui", pwd: passwordPrompt(), roles: ["{role}"]}})'
        return f'db.getSiblingDB("{self.database}").grantRolesToUser("{self.user}", [{{role: "{role}", db: "{on}"}}])'

    def capabilities(self) -> tuple[Capability, ...]:
        """Every need with its state."""
        return tuple(self._capability(need) for need in NEEDS)

    def _capability(self, need: Need) -> Capability:
        granted = self.may(need.name)
        state: Literal["granted", "missing", "unknown"] = "granted" if granted else "missing"
        return Capability(
            name=need.name,
            state=state if self.told else "unknown",
            shows=need.shows,
            needs=f"{need.action} ({need.role})",
            grant=None if granted else self.grant(need.role),
        )

    def _has(self, need: Need) -> bool:
        wanted = {need.action, need.or_action or need.action}
        return any(
            not wanted.isdisjoint(texts(privilege.get("actions"), _MOST_ACTIONS))
            and _covers(part(privilege, "resource"), need.where)
            for privilege in self._privileges
        )


async def read_login(ask: Ask) -> Login:
    """One command that everybody may run; where it tells of no right at all, a second one finds out if that is true."""
    try:
        login = Login(await ask({"connectionStatus": 1, "showPrivileges": True}))
    except Exception as error:
        if getattr(error, "code", None) not in NOT_ALLOWED:
            raise
        return Login(None)
    if login.user is None:
        login.open_server = await _is_open(ask)
    elif login.has_nothing:
        login.told = not await _is_open(ask)
    return login


async def _is_open(ask: Ask) -> bool:
    try:
        await ask(_GUARDED)
    except Exception as error:
        code = getattr(error, "code", None)
        if code not in NOT_ALLOWED:
            raise
        return bool(code != UNAUTHORIZED)
    return True


def _covers(resource: Mapping[str, Any], where: str) -> bool:
    """Whether a privilege on this resource is one on the cluster, on profiles, or on the data of a database."""
    if resource.get("anyResource"):
        return True
    if where == "cluster":
        return bool(resource.get("cluster"))
    collection = resource.get("collection")
    if where == "profile":
        return collection == "system.profile"
    return collection == "" and "db" in resource and resource.get("db") not in ("local", "config")


def _is_on(resource: Mapping[str, Any], database: str, collection: str) -> bool:
    """Whether a privilege on this resource holds for this collection; an empty name stands for all but system ones."""
    if resource.get("anyResource"):
        return True
    held = resource.get("collection")
    if resource.get("db") not in ("", database):
        return False
    return held == collection or (held == "" and not collection.startswith("system."))
