"""Where a server's queries are read from, with many rights and with few."""

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.mongodb import LOGS_REFUSALS, refused
from helpers.waiting import wait_until
from pymongo.errors import OperationFailure

from perftui.analysis.entries import Wanted
from perftui.analysis.server import Request, ServerSilent, analyse_connection
from perftui.analysis.study import Options, Study
from perftui.model.target import Connection
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

ROLES = {
    "monitor": [{"role": "clusterMonitor", "db": "admin"}],
    "reader": [{"role": "clusterMonitor", "db": "admin"}, {"role": "readAnyDatabase", "db": "admin"}],
    "nothing": [{"role": "read", "db": "other"}],
}


@pytest.fixture(scope="module")
def guarded() -> Iterator[MongodProcess]:
    """A server that asks for a login; its database `shop` was profiled."""
    with PrivateServers() as servers:
        process = servers.start_mongod(arguments=["--auth", *LOGS_REFUSALS])
        process.create_administrator("root", "root")
        with process.client(username="root", password="root", appname="shop") as client:
            for name, roles in ROLES.items():
                client.admin.command("createUser", name, pwd=name, roles=roles)
            items = client["shop"]["items"]
            items.insert_many([{"a": number % 300, "b": number} for number in range(5000)])
            client["shop"].command({"profile": 2})
            for number in range(10):
                list(items.find({"a": number}).sort("b", 1))
            client["shop"].command({"profile": 0})
        yield process


def login(process: MongodProcess, name: str) -> Connection:
    return connect_to(f"mongodb://{name}:{name}@{process.address}/?authSource=admin")


def analyse(connection: Connection, request: Request = Request(sample_s=0.5)) -> Study:  # noqa: B008
    return asyncio.run(analyse_connection(connection, request))


def test_with_all_rights_advice_goes_by_the_data(guarded: MongodProcess) -> None:
    study = analyse(login(guarded, "reader"))
    assert study.analysis.source == "profiler"
    assert [one.keys for one in study.analysis.recommendations] == [(("a", 1), ("b", 1))]
    assert study.analysis.recommendations[0].warnings == ()
    facts = study.facts["shop.items"]
    assert (facts.documents, facts.sample) == (5000, ())
    assert [index.name for index in facts.indexes or ()] == ["_id_"]
    assert any("switched off now" in note for note in study.analysis.notes)


def test_without_the_right_to_read_the_data_it_is_guessed_and_the_grant_is_said(guarded: MongodProcess) -> None:
    analysis = analyse(login(guarded, "monitor")).analysis
    assert analysis.source == "profiler"
    (one,) = analysis.recommendations
    assert one.keys[0] == ("a", 1)
    assert "guessed" in one.warnings[-1]
    assert any("Grant: " in note for note in analysis.notes)


def test_without_rights_it_says_what_would_show_more_and_asks_once(guarded: MongodProcess) -> None:
    before = len(refused(guarded))
    analysis = analyse(login(guarded, "nothing")).analysis
    assert (analysis.source, analysis.lost_entries, analysis.shapes) == ("currentop", None, ())
    notes = " ".join(analysis.notes)
    assert 'grantRolesToUser("nothing", [{role: "clusterMonitor", db: "admin"}])' in notes
    assert "only this login's own can be seen" in notes
    assert len(refused(guarded)) - before <= 4


def test_a_wrong_password_is_said(guarded: MongodProcess) -> None:
    connection = connect_to(f"mongodb://reader:wrong@{guarded.address}/?authSource=admin")
    with pytest.raises(ServerSilent, match="refused the user name or the password"):
        analyse(connection)


def test_its_own_reading_is_left_out_and_one_collection_can_be_chosen(guarded: MongodProcess) -> None:
    for _ in range(2):
        analysis = analyse(login(guarded, "reader"), Request(wanted=Wanted(ns="shop.items"))).analysis
        assert [shape.shape for shape in analysis.shapes] == ["find {a: ?} sort {b: 1}"]
        assert analysis.entries == 10
    (shape,) = analysis.shapes
    only = analyse(login(guarded, "reader"), Request(options=Options(shape_id=shape.id)))
    assert [load.id for load in only.loads] == [shape.id]


def test_unprofiled_databases_are_read_from_the_log_beside_the_profile(private_servers: PrivateServers) -> None:
    process = private_servers.start_mongod()
    with process.client(appname="shop") as client:
        for name in ("profiled", "plain"):
            client[name]["items"].insert_many([{"a": number} for number in range(500)])
        client["profiled"].command({"profile": 1, "slowms": -1})
        for name in ("profiled", "plain"):
            for number in range(5):
                list(client[name]["items"].find({"a": number}))
        analysis = analyse(connect_to(process.uri)).analysis
        counts = {one.ns: one.count for one in analysis.shapes if one.op == "find" and one.ns.endswith(".items")}
        assert counts == {"profiled.items": 5, "plain.items": 5}
        assert analysis.source == "profiler"
        assert any("not profiled come from the log" in note for note in analysis.notes)
        client["profiled"].command({"profile": 0})
        client["profiled"].drop_collection("system.profile")
        analysis = analyse(connect_to(process.uri)).analysis
        assert analysis.source == "slowlog"
        assert any("setProfilingLevel" in note for note in analysis.notes)


def test_where_nothing_is_kept_running_operations_are_sampled(private_servers: PrivateServers) -> None:
    # On a busy machine even the server's own first commands may take long enough to be logged.
    process = private_servers.start_mongod(arguments=["--slowms", "100000"])
    with process.client() as client:
        client["shop"]["items"].insert_one({"a": 1})

    def wait() -> None:
        with process.client(appname="shop") as busy, pytest.raises(OperationFailure, match="interrupted"):
            list(busy["shop"]["items"].find({"$where": "sleep(600000) || true"}))

    waiting = threading.Thread(target=wait)
    waiting.start()
    with process.client() as client:
        stages: list[dict[str, Any]] = [{"$currentOp": {}}, {"$match": {"ns": "shop.items", "planSummary": "COLLSCAN"}}]
        running = wait_until(lambda: list(client.admin.aggregate(stages)))
        try:
            analysis = analyse(connect_to(process.uri), Request(sample_s=2.0)).analysis
        finally:
            client.admin.command("killOp", op=running[0]["opid"])
            waiting.join()
    assert analysis.source == "currentop"
    assert [(shape.ns, shape.op) for shape in analysis.shapes] == [("shop.items", "find")]


def test_the_members_of_a_set_are_one_workload(private_servers: PrivateServers) -> None:
    members = private_servers.start_replica_set("rs0", 2)
    with members[0].client(appname="shop", w=2) as client:
        client["shop"]["items"].insert_many([{"a": number} for number in range(2000)])
    for process in members:
        with process.client(appname="shop") as client:
            client["shop"].command({"profile": 2})
            for number in range(3):
                list(client["shop"]["items"].find({"a": number}))
    analysis = analyse(connect_to(members[0].uri)).analysis
    (shape,) = [shape for shape in analysis.shapes if (shape.ns, shape.op) == ("shop.items", "find")]
    assert shape.count == 6
    assert [one.keys for one in analysis.recommendations] == [(("a", 1),)]
