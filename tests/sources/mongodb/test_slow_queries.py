"""Slow queries from real servers: nothing lost, nothing doubled, and always said where from."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, NamedTuple

import pytest
from helpers.waiting import wait_until_async
from pymongo import AsyncMongoClient, MongoClient, UpdateOne
from pymongo.database import Database
from pymongo.errors import OperationFailure

from perftui.model.query import SlowQuery, SlowQueryBatch
from perftui.model.sample import Failure, Sample
from perftui.model.target import Target
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.rights import Login
from perftui.sources.mongodb.slow_queries import SlowQuerySource

Document = dict[str, Any]


class DirectServer:
    """A member reached by one direct client."""

    timeout_s = 5.0
    max_time_ms = 3000
    login: Login | None = None
    is_mongos = False

    def __init__(self, uri: str, **options: Any) -> None:
        self.target = Target(id=uri, kind="mongodb", name="test", address=uri)
        self._client: AsyncMongoClient[Document] = AsyncMongoClient(
            uri, appname="perftui", directConnection=True, **options
        )

    async def client(self) -> AsyncMongoClient[Document]:
        return self._client

    async def look(self) -> Login:
        """Rights are not told, so that everything is tried."""
        return Login(None)

    def explain(self, error: BaseException) -> Failure:
        return Failure(kind="internal", message=f"{type(error).__name__}: {error}", help="")

    async def close(self) -> None:
        await self._client.close()


@asynccontextmanager
async def reading(uri: str, **options: Any) -> AsyncIterator[SlowQuerySource]:
    server = DirectServer(uri, **options)
    try:
        source = SlowQuerySource(server)
        source.timeout_s = 60.0
        yield source
    finally:
        await server.close()


async def read(source: SlowQuerySource) -> tuple[SlowQueryBatch, Sample]:
    sample = await source.poll()
    assert sample.failure is None, sample.failure
    assert isinstance(sample.payload, SlowQueryBatch)
    return sample.payload, sample


async def entries_of(source: SlowQuerySource) -> tuple[SlowQuery, ...]:
    return (await read(source))[0].entries


async def read_all(source: SlowQuerySource) -> list[SlowQuery]:
    """Read until a poll finds nothing more."""
    found: list[SlowQuery] = []
    while batch := (await read(source))[0].entries:
        found += batch
    return found


_CLIENTS: list[MongoClient[Document]] = []


@pytest.fixture(autouse=True)
def closed_clients(private_servers: PrivateServers) -> Iterator[None]:
    """Whatever a test opened is closed after it, while its server still runs."""
    yield
    while _CLIENTS:
        _CLIENTS.pop().close()


def application(mongod: MongodProcess, **options: Any) -> MongoClient[Document]:
    client: MongoClient[Document] = MongoClient(mongod.direct_uri, appname="shop", **options)
    _CLIENTS.append(client)
    return client


def as_root(mongod: MongodProcess) -> MongoClient[Document]:
    return application(mongod, username="root", password="root")


def profiled(mongod: MongodProcess, name: str, level: int = 2) -> Database[Document]:
    """A database with some documents, profiled from here on."""
    database = application(mongod)[name]
    database.p.insert_many([{"a": number % 10, "b": number, "d": datetime(2024, 1, 1)} for number in range(500)])
    database.command("profile", level, slowms=0 if level == 1 else 100)
    return database


def failing(run: Callable[[], object]) -> None:
    with pytest.raises(OperationFailure):
        run()


def run_every_kind(database: Database[Document]) -> None:
    people = database.p
    list(people.find({"a": 3}, batch_size=20, comment="with getmore"))
    list(people.aggregate([{"$match": {"a": 2}}, {"$sort": {"b": 1}}]))
    people.update_many({"a": 4}, {"$set": {"z": 1}})
    people.delete_one({"b": 99})
    people.insert_one({"x": 1})
    database.command({"count": "p", "query": {"d": {"$gt": datetime(2024, 2, 1)}}})
    people.distinct("a", {"b": {"$gt": 3}})
    people.find_one_and_update({"a": 1}, {"$set": {"z": 3}}, sort=[("b", 1)])
    failing(lambda: list(people.find({"$text": {"$search": "x"}})))
    list(database.v.find({"b": 3}))
    list(people.find({"b": {"$in": [str(number) * 60 for number in range(300)]}}).sort("a"))
    people.bulk_write([UpdateOne({"b": number}, {"$set": {"q": 1}}) for number in range(3)])
    database.gone.find_one({"a": 3, "t": "\x1b[31m\u202e"})
    database.command({"explain": {"find": "p", "filter": {"a": 1}}})


EXPECTED = {
    "find {a: ?}": "find",
    "aggregate $match {a: ?} | $sort {b: 1}": "aggregate",
    "update {a: ?}": "update",
    "delete {b: ?}": "delete",
    "insert": "insert",
    "count {d: {$gt: ?}}": "count",
    "distinct a {b: {$gt: ?}}": "distinct",
    "findAndModify {a: ?} sort {b: 1}": "findandmodify",
    "find {$text: ?}": "find",
    "find {b: ?}": "find",
    "find {b: {$in: [201+]}} sort {a: 1}": "find",
    "find {a: ?, t: ?} limit ?": "find",
    "explain find {a: ?}": "command",
    "update {b: ?}": "update",
}


async def test_every_kind_of_entry_is_read_from_the_profiler(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(replica_set="rs0")
    database = application(mongod).shop
    database.create_collection("v", viewOn="p", pipeline=[{"$match": {"a": 1}}])
    profiled(mongod, "shop")
    async with reading(mongod.uri) as source:
        await read_all(source)
        run_every_kind(database)
        found = await read_all(source)
    by_shape = {query.shape: query for query in found if query.op != "getmore"}
    assert {shape: by_shape[shape].op for shape in EXPECTED if shape in by_shape} == EXPECTED
    first = by_shape["find {a: ?}"]
    assert (first.ns, first.examined_documents, first.returned, first.comment) == ("shop.p", 194, 20, "with getmore")
    assert (first.plan_summary, first.app_name, first.executions) == ("COLLSCAN", "shop", 1)
    more = [query for query in found if query.op == "getmore"]
    assert {(query.shape_id, query.executions) for query in more} == {(first.shape_id, 0)}
    assert by_shape["update {a: ?}"].returned == 50
    assert by_shape["delete {b: ?}"].returned == 1
    assert by_shape["find {$text: ?}"].error == "text index required for $text query"
    assert by_shape["find {b: {$in: [201+]}} sort {a: 1}"].sort_in_memory
    assert sum(query.shape == "update {b: ?}" for query in found) == 3
    assert all(json.loads(query.raw)["ns"] for query in by_shape.values() if query.raw)
    assert by_shape["count {d: {$gt: ?}}"].raw


async def test_nothing_is_lost_or_doubled_under_eight_writers(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(replica_set="rs0")
    client = application(mongod)
    client.busy.p.insert_one({"a": 1})
    client.busy.create_collection("system.profile", capped=True, size=64 * 1024 * 1024)
    client.busy.command("profile", 2)

    def write(writer: int) -> None:
        for number in range(200):
            client.busy.p.find_one({"a": number}, comment=f"{writer}-{number}")
            client.busy.p.count_documents({"a": 1})

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    found: list[SlowQuery] = []
    async with reading(mongod.uri) as source:
        await read(source)
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            batch, _ = await read(source)
            assert batch.lost_entries == 0
            found += batch.entries
            await asyncio.sleep(0.02)
        found += await read_all(source)
    finds = Counter(query.comment for query in found if query.op == "find")
    assert finds == {f"{writer}-{number}": 1 for writer in range(8) for number in range(200)}
    assert sum(query.op == "aggregate" for query in found) == 1600


async def test_an_overrun_profile_is_noticed_and_said(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod()
    database = application(mongod).shop
    database.p.insert_one({"a": 1})
    database.create_collection("system.profile", capped=True, size=16 * 1024)
    database.command("profile", 2)
    async with reading(mongod.uri) as source:
        database.p.find_one({"a": 1})
        await read(source)
        database.p.find_one({"a": 2})
        assert (await read(source))[0].lost_entries == 0
        for number in range(100):
            database.p.find_one({"a": number}, comment=str(number))
        batch, _ = await read(source)
        assert batch.lost_entries is None
        assert [query.comment for query in batch.entries][-1] == "99"
        assert len(batch.entries) < 100
        database.p.find_one({"a": 5})
        batch, _ = await read(source)
        assert (len(batch.entries), batch.lost_entries) == (1, 0)


@pytest.mark.parametrize(("entries", "lost"), [(1200, 0), (3000, None)])
async def test_an_outage_loses_nothing_unsaid(private_servers: PrivateServers, entries: int, lost: int | None) -> None:
    """After it the source is reconnected; the profile has room for some 2,000 entries."""
    mongod = private_servers.start_mongod()
    database = application(mongod).shop
    database.create_collection("system.profile", capped=True, size=3 * 512 * 1024)
    database.command("profile", 2)
    database.p.find_one({"a": 1}, comment="before")
    async with reading(mongod.uri) as source:
        assert (await read(source))[0].lost_entries == 0
        for number in range(entries):
            database.p.find_one({"a": number}, comment=str(number))
        source.reconnect()
        batch, _ = await read(source)
    found = [query.comment for query in batch.entries if query.op == "find"]
    assert found == [str(number) for number in range(entries)][-len(found) :]
    assert (batch.lost_entries, len(found) == entries) == (lost, lost == 0)


class Disturbed(NamedTuple):
    """A server with two profiled databases, the second of which can be disturbed."""

    mongod: MongodProcess
    alpha: Database[Document]
    beta: Database[Document]

    def disturb(self, mode: str = "alwaysOn", **how: Any) -> None:
        data = {"failCommands": ["find"], "appName": "perftui", "namespace": "beta.system.profile", **how}
        self.alpha.client.admin.command({"configureFailPoint": "failCommand", "mode": mode, "data": data})

    def run(self, comment: str) -> None:
        for database in (self.alpha, self.beta):
            database.p.find_one({"a": 1}, comment=comment)


@pytest.fixture
def disturbed(private_servers: PrivateServers) -> Disturbed:
    mongod = private_servers.start_mongod(arguments=["--setParameter", "enableTestCommands=1"])
    return Disturbed(mongod, profiled(mongod, "alpha"), profiled(mongod, "beta"))


def finds(batch: SlowQueryBatch) -> list[tuple[str, str | None]]:
    return [(query.ns, query.comment) for query in batch.entries if query.op == "find"]


async def test_a_profile_that_cannot_be_read_takes_nothing_of_the_others_away(disturbed: Disturbed) -> None:
    async with reading(disturbed.mongod.uri) as source:
        await read_all(source)
        disturbed.disturb(errorCode=50)
        disturbed.run("meanwhile")
        batch, sample = await read(source)
        assert finds(batch) == [("alpha.p", "meanwhile")]
        assert sample.notes[1] == "The profile of beta could not be read this time; it is tried again."
        disturbed.disturb("off")
        batch, sample = await read(source)
        assert (finds(batch), len(sample.notes)) == ([("beta.p", "meanwhile")], 1)


@pytest.mark.parametrize("both_were_read", [True, False])
async def test_after_profiles_read_in_turn_each_database_goes_on_where_it_stopped(
    disturbed: Disturbed, both_were_read: bool
) -> None:
    """From profile to log and back: the one read last holds the older entry, or was not read at all."""
    both = disturbed.beta, disturbed.alpha
    disturbed.alpha.command("profile", 2, slowms=0)
    async with reading(disturbed.mongod.uri) as source:
        await read_all(source)
        disturbed.disturb(errorCode=50)
        for database in both:
            database.p.find_one({"a": 1}, comment="meanwhile")
            await asyncio.sleep(0.01)  # the server's times have milliseconds
        batch, _ = await read(source)
        found = finds(batch)
        disturbed.disturb("off")
        if both_were_read:
            found += finds((await read(source))[0])
        for level, place in ((0, "slowlog"), (2, "profiler")):
            for database in both:
                database.command("profile", level, slowms=0)
                database.p.find_one({"a": 1}, comment=place)
            source.reconnect()
            batch, _ = await read(source)
            assert batch.read_from == place
            found += finds(batch)
    comments = ("meanwhile", "slowlog", "profiler")
    assert Counter(found) == {(f"{name}.p", comment): 1 for name in ("alpha", "beta") for comment in comments}


@pytest.mark.parametrize("reconnects", [False, True])
async def test_what_a_poll_read_before_its_time_was_up_comes_with_the_next(
    disturbed: Disturbed, reconnects: bool
) -> None:
    async with reading(disturbed.mongod.uri) as source:
        await read_all(source)
        disturbed.disturb(blockConnection=True, blockTimeMS=4000)
        disturbed.run("meanwhile")
        source.timeout_s = 2.0
        assert (await source.poll()).failure is not None
        disturbed.disturb("off")
        source.timeout_s = 60.0
        if reconnects:
            source.reconnect()
        found = [*finds((await read(source))[0]), *finds((await read(source))[0])]
        assert found == [("alpha.p", "meanwhile"), ("beta.p", "meanwhile")]


async def test_what_was_there_before_is_read_in_once(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod()
    for name in ("one", "two"):
        profiled(mongod, name).p.find_one({"b": 7}, comment=name)
    async with reading(mongod.uri) as source:
        batch, sample = await read(source)
        assert (batch.backlog, batch.read_from, batch.databases) == (True, "profiler", ("one", "two"))
        assert {query.comment for query in batch.entries} >= {"one", "two"}
        assert sample.notes == ("Slow queries are read from the profiler of one, two.",)
        batch, sample = await read(source)
        assert (batch.backlog, batch.entries, sample.sent_commands) == (False, (), 2)
        source.reconnect()
        assert (await read(source))[0].entries == ()


async def test_own_reads_are_left_out(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod()
    database = profiled(mongod, "shop")
    async with reading(mongod.uri) as source:
        for _ in range(5):
            await read(source)
        assert await read_all(source) == []
    assert database["system.profile"].count_documents({"appName": "perftui", "command.maxTimeMS": {"$gt": 0}}) >= 5
    assert database["system.profile"].count_documents({"appName": "perftui", "op": {"$in": ["getmore"]}}) == 0


async def test_the_slow_log_is_read_where_nothing_is_profiled(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(arguments=["--slowms", "0"])
    database = application(mongod).shop
    database.p.insert_one({"a": 1})
    database.p.find_one({"a": 1}, comment="before")
    async with reading(mongod.uri) as source:
        batch, sample = await read(source)
        assert (batch.read_from, batch.backlog, batch.databases) == ("slowlog", True, ())
        assert "before" in {query.comment for query in batch.entries}
        assert "perftui" not in {query.app_name for query in batch.entries}
        assert sample.notes[0].startswith("No database is profiled, so slow queries are read from the server's log")
        database.p.find_one({"a": 2}, comment="after")
        source.reconnect()
        again, _ = await read(source)
        assert [query.comment for query in again.entries if query.comment] == ["after"]


async def test_profiling_that_begins_later_is_found_without_doubling(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(arguments=["--slowms", "0"])
    database = application(mongod).shop
    database.p.insert_one({"a": 1})
    async with reading(mongod.uri) as source:
        database.command("profile", 0)
        assert (await read(source))[0].read_from == "slowlog"
        database.command("profile", 2)
        database.p.find_one({"a": 2}, comment="profiled")
        source.reconnect()
        batch, _ = await read(source)
        assert batch.read_from == "profiler"
        assert [query.comment for query in batch.entries if query.op == "find"] == ["profiled"]


def user(mongod: MongodProcess, name: str, *roles: Document | str) -> Document:
    admin = as_root(mongod).admin
    admin.command("createUser", name, pwd="secret", roles=list(roles))
    return {"username": name, "password": "secret"}


@pytest.fixture
def guarded(private_servers: PrivateServers) -> MongodProcess:
    """A mongod that asks for a login, with a profiled database."""
    mongod = private_servers.start_mongod(arguments=["--auth", "--slowms", "0"])
    mongod.create_administrator("root", "root")
    root = as_root(mongod)
    root.shop.p.insert_many([{"a": number} for number in range(100)])
    root.shop.command("profile", 2, slowms=0)
    root.shop.p.find_one({"a": 5}, comment="profiled")
    return mongod


def refusals(mongod: MongodProcess) -> int:
    root = as_root(mongod)
    return sum(
        '"id":20436' in line or '"Unauthorized"' in line for line in root.admin.command("getLog", "global")["log"]
    )


async def test_cluster_monitor_reads_the_profile(guarded: MongodProcess) -> None:
    login = user(guarded, "monitor", "clusterMonitor")
    async with reading(guarded.uri, **login) as source:
        batch, _ = await read(source)
        assert batch.read_from == "profiler"
        assert "profiled" in {query.comment for query in batch.entries}
        assert {each.name: each.state for each in source.capabilities} == {"profiler": "granted", "slow log": "granted"}


async def test_without_rights_running_operations_are_sampled_and_refusals_not_repeated(guarded: MongodProcess) -> None:
    login = user(guarded, "reader", {"role": "readWrite", "db": "shop"})
    async with reading(guarded.uri, **login) as source:
        batch, sample = await read(source)
        assert batch.read_from == "currentop"
        assert sample.notes[0].endswith("Only this login's own operations can be seen.")
        assert {each.state for each in source.capabilities} == {"missing"}
        assert all(each.grant and "clusterMonitor" in each.grant for each in source.capabilities)
        refused = refusals(guarded)
        for _ in range(5):
            await read(source)
        assert refusals(guarded) == refused > 0
        source.reconnect()
        await read(source)
        assert refusals(guarded) > refused


async def test_a_running_operation_of_the_own_login_is_sampled(guarded: MongodProcess) -> None:
    login = user(guarded, "reader", {"role": "readWrite", "db": "shop"})
    endless = {"$where": "sleep(600000) || true"}
    slow = {"ns": "shop.p", "microsecs_running": {"$gt": 200_000}}
    async with reading(guarded.uri, **login) as source:
        await read(source)
        client = application(guarded, **login)
        root = as_root(guarded)
        thread = threading.Thread(target=failing, args=[lambda: list(client.shop.p.find(endless))])
        thread.start()
        running = await wait_until_async(
            lambda: list(root.admin.aggregate([{"$currentOp": {"allUsers": True}}, {"$match": slow}]))
        )
        assert (await read(source))[0].entries == (), "it still runs"
        root.admin.command("killOp", op=running[0]["opid"])
        await asyncio.to_thread(thread.join)
        found = await wait_until_async(lambda: entries_of(source))
    assert (found[0].ns, found[0].op, found[0].app_name, found[0].user) == ("shop.p", "find", "shop", "reader")
    assert found[0].duration_ms > 100


async def test_nobody_at_all_sees_nothing_and_is_told(guarded: MongodProcess) -> None:
    async with reading(guarded.uri) as source:
        batch, sample = await read(source)
        assert batch.read_from == "none"
        assert "refused" in sample.notes[0]


async def test_when_profiling_ends_the_log_goes_on_where_the_profile_stopped(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(arguments=["--slowms", "0"])
    database = profiled(mongod, "shop")
    async with reading(mongod.uri) as source:
        database.p.find_one({"a": 1}, comment="in both")
        assert "in both" in {query.comment for query in (await read(source))[0].entries}
        database.command("profile", 0, slowms=0)
        database.p.find_one({"a": 1}, comment="in the log only")
        source.reconnect()
        batch, _ = await read(source)
        assert batch.read_from == "slowlog"
        assert [query.comment for query in batch.entries if query.op == "find"] == ["in the log only"]


@pytest.mark.parametrize("after_an_outage", [False, True])
async def test_a_full_turn_of_the_log_is_told_as_lost(private_servers: PrivateServers, after_an_outage: bool) -> None:
    mongod = private_servers.start_mongod(arguments=["--slowms", "0"])
    database = application(mongod).shop
    async with reading(mongod.uri) as source:
        assert (await read(source))[0].lost_entries == 0
        for number in range(1200):
            database.p.find_one({"a": number})
        if after_an_outage:
            source.reconnect()
        lost: list[int | None] = []
        while not lost or (lost[-1] == 0 and len(lost) < 100):
            lost.append((await read(source))[0].lost_entries)
            await asyncio.sleep(0.1)
        assert lost[-1] is None
