"""Logins with few rights on a real server: what can be seen is seen, the rest is named once and not asked for again."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pytest
from helpers.mongodb import LOGS_REFUSALS, Client, good, refused, sources
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from perftui.model.mongodb import MongoServer, ReplicaSet
from perftui.model.operation import OperationList
from perftui.model.sample import Sample
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.base import Source
from perftui.sources.mongodb.rights import Ask, Login, read_login

PASSWORD = "viewer-word"
WHETHER_IT_IS_OPEN: dict[str | None, list[str]] = {"nothing": ["getLog"], None: ["getLog"]}
"""What is tried once by whom the server tells of no right at all: it may let everybody do everything."""
FIRST_THREE = ("mongodb.server", "mongodb.operations", "mongodb.members")


class Guarded(NamedTuple):
    """A server that asks for a login."""

    mongod: MongodProcess
    root: Client

    def uri(self, user: str | None) -> str:
        login = "" if user is None else f"{user}:{PASSWORD}@"
        return f"mongodb://{login}127.0.0.1:{self.mongod.port}/" + ("" if user is None else "?authSource=admin")

    def create(self, user: str, *roles: str) -> None:
        self.root.admin.command("createUser", user, pwd=PASSWORD, roles=list(roles))


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    with PrivateServers() as servers:
        mongod = servers.start_mongod(replica_set="rs0", arguments=("--auth", *LOGS_REFUSALS))
        mongod.create_administrator("root", PASSWORD)
        with mongod.client(username="root", password=PASSWORD) as root:
            server = Guarded(mongod, root)
            server.create("watcher", "clusterMonitor")
            server.create("reader", "readAnyDatabase")
            server.create("nothing")
            yield server


@asynccontextmanager
async def looked_at(server: Guarded, user: str | None) -> AsyncIterator[dict[str, Source]]:
    async with sources(server.uri(user)) as found:
        yield found


def states(found: dict[str, Source]) -> dict[str, str]:
    return {one.name: one.state for source in found.values() for one in source.capabilities}


def words(samples: list[Sample]) -> str:
    return " ".join(note for sample in samples for note in sample.notes)


@pytest.mark.parametrize("user", ["nothing", None])
def test_the_servers_log_tells_every_refusal(guarded: Guarded, user: str | None) -> None:
    """With a login and without: else none of these tests would prove anything."""
    before = len(refused(guarded.mongod))
    client: Client
    with MongoClient(guarded.uri(user)) as client:
        for command in ("serverStatus", "getLog"):
            with pytest.raises(OperationFailure, match=command):
                client.admin.command(command, "global")
    told = [command for command in refused(guarded.mongod)[before:] if command != "endSessions"]
    assert told == ["serverStatus", "getLog"]


@pytest.mark.parametrize("user", ["watcher", "reader", "nothing", None])
async def test_what_a_login_may_not_do_is_not_even_tried(guarded: Guarded, user: str | None) -> None:
    before = len(refused(guarded.mongod))
    async with looked_at(guarded, user) as found:
        for _ in range(3):
            for name in FIRST_THREE:
                await good(found[name])
        assert refused(guarded.mongod)[before:] == WHETHER_IT_IS_OPEN.get(user, [])


@pytest.mark.parametrize("user", ["watcher", "reader", "nothing", None])
async def test_slow_queries_are_looked_for_only_where_it_is_allowed(guarded: Guarded, user: str | None) -> None:
    before = len(refused(guarded.mongod))
    async with looked_at(guarded, user) as found:
        for _ in range(3):
            await good(found["mongodb.slow_queries"])
        assert refused(guarded.mongod)[before:] == WHETHER_IT_IS_OPEN.get(user, [])


@pytest.mark.parametrize("user", ["watcher", "reader", "nothing", None])
async def test_nothing_refused_is_sent_again(guarded: Guarded, user: str | None) -> None:
    async with looked_at(guarded, user) as found:
        samples = [await good(source) for _ in range(2) for source in found.values()]
        before = refused(guarded.mongod)
        samples += [await good(source) for _ in range(5) for source in found.values()]
        assert refused(guarded.mongod) == before
    assert PASSWORD not in repr(samples)


async def test_cluster_monitor_sees_the_server_its_operations_and_the_set(guarded: Guarded) -> None:
    async with looked_at(guarded, "watcher") as found:
        server = (await good(found["mongodb.server"])).payload
        operations = (await good(found["mongodb.operations"])).payload
        members = (await good(found["mongodb.members"])).payload
        state = states(found)
    assert isinstance(server, MongoServer)
    assert server.connections.current
    assert isinstance(operations, OperationList)
    assert operations.sees_all_users
    assert isinstance(members, ReplicaSet)
    assert members.members[0].healthy
    assert state == {
        "server status": "granted", "operations": "granted", "members": "granted",
        "kill": "missing", "explain": "missing", "profiling level": "missing",
    }  # fmt: skip


@pytest.mark.parametrize(("user", "explains"), [("reader", "granted"), ("nothing", "missing")])
async def test_a_login_without_monitoring_sees_role_version_and_its_own(
    guarded: Guarded, user: str, explains: str
) -> None:
    async with looked_at(guarded, user) as found:
        samples = [await good(found[name]) for name in FIRST_THREE]
        state = states(found)
    server, operations, members = (sample.payload for sample in samples)
    assert isinstance(server, MongoServer)
    assert (server.role, server.set_name) == ("PRIMARY", "rs0")
    assert server.version is not None
    assert server.connections.current is None
    assert isinstance(operations, OperationList)
    assert operations.sees_all_users is False
    assert isinstance(members, ReplicaSet)
    assert [member.role for member in members.members] == ["PRIMARY"]
    grant = f'db.getSiblingDB("admin").grantRolesToUser("{user}", [{{role: "clusterMonitor", db: "admin"}}])'
    assert words(samples).count(grant) == 3
    assert state["explain"] == explains
    assert {state[name] for name in ("server status", "operations", "members", "kill")} == {"missing"}


async def test_without_a_login_nothing_shows_as_granted(guarded: Guarded) -> None:
    async with looked_at(guarded, None) as found:
        samples = [await good(found[name]) for name in FIRST_THREE]
        assert set(states(found).values()) == {"missing"}
    server, operations, _ = (sample.payload for sample in samples)
    assert isinstance(server, MongoServer)
    assert server.role == "PRIMARY"
    assert operations is None
    assert "createUser" in words(samples)


async def test_a_server_without_access_control_grants_everything(mongod: MongodProcess) -> None:
    async with sources(mongod.uri) as found:
        for name in FIRST_THREE:
            assert (await good(found[name])).notes == ()
        assert set(states(found).values()) == {"granted"}


async def test_a_right_granted_later_is_seen_after_asking_again(guarded: Guarded) -> None:
    guarded.create("late")
    async with looked_at(guarded, "late") as found:
        source = found["mongodb.server"]
        before = await good(source)
        guarded.root.admin.command("grantRolesToUser", "late", roles=["clusterMonitor"])
        source.reconnect()
        after = await good(source)
    assert "refused" in words([before])
    assert after.notes == ()
    assert isinstance(after.payload, MongoServer)
    assert after.payload.connections.current


async def test_a_right_taken_away_is_noticed_once(guarded: Guarded) -> None:
    """The privileges were read before; the server's refusal tells."""
    guarded.create("former", "clusterMonitor")
    async with looked_at(guarded, "former") as found:
        for name in FIRST_THREE:
            await good(found[name])
        guarded.root.admin.command("revokeRolesFromUser", "former", roles=["clusterMonitor"])
        samples = [await found[name].poll() for _ in range(2) for name in FIRST_THREE]
        before = refused(guarded.mongod)
        samples += [await found[name].poll() for _ in range(3) for name in FIRST_THREE[1:]]
        assert refused(guarded.mongod) == before
    assert "Only this login's own operations" in words(samples)
    kinds = {sample.failure.kind for sample in samples if sample.failure is not None}
    assert kinds <= {"rights"}


def login(*privileges: dict[str, Any], user: str | None = "ann") -> Login:
    users = [] if user is None else [{"user": user, "db": "shop"}]
    return Login({"authInfo": {"authenticatedUsers": users, "authenticatedUserPrivileges": list(privileges)}})


@pytest.mark.parametrize(
    ("resource", "actions", "allowed"),
    [
        ({"cluster": True}, ["serverStatus"], {"server status"}),
        ({"cluster": True}, ["inprog", "killop"], {"operations", "kill"}),
        ({"db": "", "collection": ""}, ["find"], {"explain"}),
        ({"db": "", "collection": "system.profile"}, ["find"], {"profiler"}),
        ({"db": "local", "collection": ""}, ["find"], set()),
        ({"db": "shop", "collection": "orders"}, ["find", "inprog"], set()),
        ({"db": "shop", "collection": ""}, ["enableProfiler"], {"profiling level"}),
        ({"db": "shop", "collection": ""}, ["listIndexes", "collStats"], {"indexes", "collection statistics"}),
        ({"db": "", "collection": ""}, ["indexStats"], {"indexes", "index statistics"}),
    ],
)
def test_privileges_are_taken_by_their_resource(resource: Any, actions: list[str], allowed: set[str]) -> None:
    held = login({"resource": resource, "actions": actions})
    assert {one.name for one in held.capabilities() if one.state == "granted"} == allowed


def test_any_resource_allows_everything_it_names() -> None:
    actions = ["serverStatus", "inprog", "getLog", "replSetGetStatus", "find", "killop", "enableProfiler"]
    actions += ["listIndexes", "indexStats", "collStats"]
    held = login({"resource": {"anyResource": True}, "actions": actions})
    assert {one.state for one in held.capabilities()} == {"granted"}


def test_where_the_server_does_not_tell_all_is_tried() -> None:
    unknown = Login(None)
    assert unknown.may("operations")
    assert not unknown.nobody
    assert {one.state for one in unknown.capabilities()} == {"unknown"}


class RefusedError(Exception):
    code = 13


def saying(answers: bool, **rights: list[Any]) -> Ask:
    """A server that names its user with these rights; it answers what is guarded, or refuses it."""

    async def ask(command: dict[str, Any]) -> dict[str, Any]:
        if "getLog" in command and not answers:
            raise RefusedError
        return {"authInfo": {"authenticatedUsers": [{"user": "app", "db": "admin"}], **rights}, "ok": 1.0}

    return ask


@pytest.mark.parametrize(
    "ask",
    [
        saying(False),
        saying(False, authenticatedUserRoles=[]),
        saying(True, authenticatedUserRoles=[], authenticatedUserPrivileges=[]),
    ],
)
async def test_a_server_that_tells_no_rights_of_its_users_is_asked_for_all(ask: Ask) -> None:
    """FerretDB and its like give an empty list of rights or none at all, and let everybody do everything."""
    found = await read_login(ask)
    assert {one.state for one in found.capabilities()} == {"unknown"}
    assert found.may("operations")
    assert found.allows("listIndexes", "shop")
    assert found.allows_on_cluster("killop")
    assert (found.user, found.nobody) == ("app", False)
    assert '"app"' in found.grant("clusterMonitor")


async def test_a_login_without_any_role_has_no_rights_where_the_server_guards_them() -> None:
    found = await read_login(saying(False, authenticatedUserRoles=[], authenticatedUserPrivileges=[]))
    assert {one.state for one in found.capabilities()} == {"missing"}


def test_the_grant_names_the_user_in_his_database() -> None:
    assert login().grant("hostManager") == (
        'db.getSiblingDB("shop").grantRolesToUser("ann", [{role: "hostManager", db: "admin"}])'
    )
