"""What the monitor asks of a server through analysis: plans and advice, or sentences."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from pymongo import MongoClient

from perftui.analysis.asking import advise_on
from perftui.analysis.explaining import Explainable, explain_on, of_operation, of_slow_query
from perftui.model.analysis import Analysis
from perftui.model.operation import Operation
from perftui.model.plan import Plan
from perftui.model.query import SlowQuery
from perftui.model.target import Connection
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

FIND = {"find": "orders", "filter": {"customer": 7}, "sort": {"at": -1}, "limit": 5, "$db": "shop", "lsid": {"id": 1}}
ENTRY = {"op": "query", "ns": "shop.orders", "command": FIND}


def slow_query(raw: str) -> SlowQuery:
    return SlowQuery(
        at=0.0, ns="shop.orders", op="find", shape_id="a", shape="find {customer: ?}", duration_ms=1.0, raw=raw
    )


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    with PrivateServers() as servers:
        mongod = servers.start_mongod()
        client: MongoClient[dict[str, Any]]
        with MongoClient(mongod.uri) as client:
            orders: Any = client.shop.orders
            orders.insert_many([{"customer": number % 500, "at": number} for number in range(5_000)])
            client.shop.command({"profile": 2})
            for customer in range(40):
                list(client.shop.orders.find({"customer": customer}).sort("at", -1).limit(5))
        yield mongod


@pytest.fixture
def connection(server: MongodProcess) -> Connection:
    return connect_to(server.uri)


class TestWhatCanBeExplained:
    def test_a_profiled_entry_and_an_operation(self) -> None:
        entry = of_slow_query(slow_query(json.dumps(ENTRY)))
        operation = of_operation(Operation(op="query", ns="shop.orders", command=json.dumps(FIND)))
        for asked in (entry, operation):
            assert isinstance(asked, Explainable)
            assert asked.command["filter"] == {"customer": 7}
            assert "lsid" not in asked.command

    @pytest.mark.parametrize("raw", ["", '{"cut": "at its', "[]", '{"op": "insert", "command": {"insert": "a"}}'])
    def test_what_cannot_be_is_a_sentence(self, raw: str) -> None:
        said = of_slow_query(slow_query(raw))
        assert isinstance(said, str)
        assert said.endswith(".")

    def test_nothing_kept_and_no_command(self) -> None:
        assert "No whole entry" in str(of_slow_query(None))
        assert "no command" in str(of_operation(Operation()))


async def test_plans_on_the_very_member(connection: Connection) -> None:
    asked = of_slow_query(slow_query(json.dumps(ENTRY)))
    assert isinstance(asked, Explainable)
    planned = await explain_on(connection, connection.target, asked, verbosity="queryPlanner", max_time_ms=2_000)
    assert isinstance(planned, Plan)
    assert planned.documents_examined is None
    ran = await explain_on(connection, connection.target, asked, verbosity="executionStats", max_time_ms=20_000)
    assert isinstance(ran, Plan)
    assert ran.documents_examined == 5_000


async def test_a_server_that_is_gone_is_a_sentence_without_the_password(connection: Connection) -> None:
    gone = replace(connect_to("mongodb://root:hunter2@127.0.0.1:9/"), timeout_s=0.5)
    asked = of_slow_query(slow_query(json.dumps(ENTRY)))
    assert isinstance(asked, Explainable)
    said = await explain_on(gone, gone.target, asked, verbosity="queryPlanner", max_time_ms=500)
    assert isinstance(said, str)
    assert "hunter2" not in said
    advice = await advise_on(gone, ns="shop.orders", tell=lambda _doing: None)
    assert isinstance(advice, str)
    assert "hunter2" not in advice


async def test_advises_one_collection_and_tells_what_it_does(connection: Connection) -> None:
    told: list[str] = []
    analysis = await advise_on(connection, ns="shop.orders", tell=told.append)
    assert isinstance(analysis, Analysis)
    assert {shape.ns for shape in analysis.shapes} == {"shop.orders"}
    assert [one.keys for one in analysis.recommendations] == [(("customer", 1), ("at", -1))]
    assert any("shop.orders" in words for words in told)


async def test_a_command_that_nobody_remembers_is_judged_by_itself(connection: Connection) -> None:
    command = json.dumps({"find": "orders", "filter": {"at": 7}, "$db": "shop"})
    analysis = await advise_on(connection, ns="shop.orders", shape_id="x", command=command, tell=lambda _doing: None)
    assert isinstance(analysis, Analysis)
    assert analysis.source == "query"
    assert [one.keys for one in analysis.recommendations] == [(("at", 1),)]
