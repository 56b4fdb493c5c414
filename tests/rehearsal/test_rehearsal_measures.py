"""What is measured on a sample is near what the server itself counts, and is measured where the model errs."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo import MongoClient

from perftui.advice.explaining.command import Explainable, explainable
from perftui.advice.plans.plan import read_plan
from perftui.analysis.entries import Wanted
from perftui.analysis.query import analyse_query
from perftui.analysis.server import Request, analyse_connection
from perftui.analysis.study import Options, Study
from perftui.model.analysis import Analysis, ServedShape
from perftui.model.plan import Plan
from perftui.rehearsal.limits import Limits
from perftui.rehearsal.rehearse import rehearse
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

DOCUMENTS = 30_000
WITH_SAMPLES = Options(samples=True)


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    """Parts of 20 kinds and 37 areas, which have an index; plans of which few are over; orders that join owners."""
    with PrivateServers() as servers:
        mongod = servers.start_mongod()
        client: MongoClient[dict[str, Any]]
        with mongod.client() as client:
            shop = client.shop
            shop.parts.insert_many([_part(number) for number in range(DOCUMENTS)])
            shop.parts.create_index("area")
            shop.plans.insert_many([_plan(number) for number in range(8_000)])
            shop.orders.insert_many([{"day": number % 40, "owner": number} for number in range(8_000)])
            shop.owners.insert_many([{"code": number, "gone": number % 3} for number in range(20_000)])
            shop.owners.create_index([("code", -1), ("gone", 1)])
            shop.command({"profile": 2})
            for number in range(12):
                list(shop.parts.find({"kind": number}))
                # Nine of ten match, so that how far a sample is walked for ten of them hardly depends on its draw.
                list(shop.parts.find({"kind": number, "size": {"$lt": 90}}).sort("at", -1).limit(10))
                list(shop.parts.find({"area": number, "size": {"$lt": 4}}))
            shop.command({"profile": 0})
        yield mongod


def _part(number: int) -> dict[str, Any]:
    mixed = number * 7919 % DOCUMENTS
    return {"kind": mixed % 20, "at": number, "size": mixed // 20 % 100, "area": number % 37}


def _plan(number: int) -> dict[str, Any]:
    """One in a hundred has spent less than its budget: the model cannot tell, since it compares two fields."""
    over = number % 100 != 0
    return {"a": number * 7919 % 1000, "at": number, "spent": 200 if over else 1, "budget": 100}


def parts_of(server: MongodProcess, limits: Limits | None = None) -> tuple[Study, Analysis]:
    async def both() -> tuple[Study, Analysis]:
        connection = connect_to(server.uri)
        study = await analyse_connection(connection, Request(wanted=Wanted(ns="shop.parts"), options=WITH_SAMPLES))
        return study, await rehearse(study, connection, limits=limits)

    return asyncio.run(both())


def query_of(server: MongodProcess, command: dict[str, Any], ns: str) -> tuple[Study, Analysis]:
    async def both() -> tuple[Study, Analysis]:
        connection = connect_to(server.uri)
        study = await analyse_query(connection, json.dumps(command), ns=ns, options=WITH_SAMPLES)
        return study, await rehearse(study, connection)

    return asyncio.run(both())


def served(analysis: Analysis, words: str) -> ServedShape:
    found = [shape for one in analysis.recommendations for shape in one.shapes if words in shape.shape]
    assert found, analysis.recommendations
    return found[0]


def true_plans(server: MongodProcess, study: Study, shape_id: str, analysis: Analysis) -> list[Plan]:
    """Of the same executions, on the whole collection with the recommended indexes."""
    (load,) = [load for load in study.loads if load.id == shape_id]
    with server.client() as client:
        made = [client.shop.parts.create_index(list(one.keys)) for one in analysis.recommendations]
        try:
            replies = [client.shop.command(_explain(command, load.ns)) for command in load.commands]
        finally:
            for name in made:
                client.shop.parts.drop_index(name)
    return [read_plan(reply, ns=load.ns, op=load.op, taken_at=0) for reply in replies]


def _explain(command: Any, ns: str) -> dict[str, Any]:
    asked = explainable(command, ns)
    assert isinstance(asked, Explainable)
    return {"explain": asked.command, "verbosity": "executionStats"}


def test_scaled_figures_are_near_the_server_s_own(server: MongodProcess) -> None:
    study, analysis = parts_of(server)
    assert study.facts["shop.parts"].sample
    assert not study.facts["shop.parts"].whole
    for words in ("find {kind: ?}", "sort {at: -1}"):
        shape = served(analysis, words)
        plans = true_plans(server, study, shape.id, analysis)
        keys = sum(plan.keys_examined or 0 for plan in plans) / len(plans)
        documents = sum(plan.documents_examined or 0 for plan in plans) / len(plans)
        assert shape.keys_after == pytest.approx(keys, rel=0.35), words
        assert shape.docs_after == pytest.approx(documents, rel=0.35), words
        assert shape.docs_before == pytest.approx(DOCUMENTS, rel=0.01)
    assert any("is scaled" in note for note in analysis.notes)


def test_what_few_match_is_measured_on_all_that_share_an_indexed_value(server: MongodProcess) -> None:
    study, analysis = parts_of(server)
    shape = served(analysis, "area: ?")
    (index,) = [one for one in analysis.recommendations if shape.id in one.serves]
    assert (index.keys, index.basis) == ((("area", 1), ("size", 1)), "rehearsed")
    assert index.supersedes == ("area_1",)
    tried = true_plans(server, study, shape.id, analysis)[: Limits().commands]
    assert shape.docs_after == sum(plan.documents_examined or 0 for plan in tried) / len(tried)
    assert any("read directly, by indexes" in note for note in analysis.notes)


def test_the_measured_index_takes_the_place_of_one_that_the_model_thought_better(server: MongodProcess) -> None:
    condition = {"a": {"$lt": 100}, "$expr": {"$lt": ["$spent", "$budget"]}}
    command = {"find": "plans", "filter": condition, "sort": {"at": -1}, "limit": 20}
    study, analysis = query_of(server, command, "shop.plans")
    (estimated,), (measured,) = study.analysis.recommendations, analysis.recommendations
    assert estimated.keys[0][0] == "at"
    assert (measured.keys[0], measured.basis) == (("a", 1), "rehearsed")
    assert measured.expected.improvement is not None
    assert measured.expected.improvement > 2.2
    assert any("The rehearsal prefers { a: 1" in note and "800 keys" in note for note in analysis.notes)


def test_joined_documents_are_fetched_by_their_index(server: MongodProcess) -> None:
    """Of the owners that the sample holds hardly any is joined: 200 orders have 200 of 20,000."""
    join = {"from": "owners", "localField": "owner", "foreignField": "code", "as": "who"}
    pipeline = [{"$match": {"day": 3}}, {"$lookup": join}, {"$unwind": "$who"}, {"$limit": 5}]
    study, analysis = query_of(server, {"aggregate": "orders", "pipeline": pipeline, "cursor": {}}, "shop.orders")
    assert not study.facts["shop.owners"].whole
    (index,) = analysis.recommendations
    assert (index.ns, index.keys, index.basis) == ("shop.orders", (("day", 1),), "rehearsed")
    (shape,) = index.shapes
    assert shape.docs_after == 200
    assert "200 more documents were read directly, by indexes." in analysis.notes


def test_nothing_scans_the_server_whatever_is_fetched(server: MongodProcess) -> None:
    async def scans_of_a_rehearsal() -> tuple[int, int]:
        connection = connect_to(server.uri)
        study = await analyse_connection(connection, Request(wanted=Wanted(ns="shop.parts"), options=WITH_SAMPLES))
        before = _read(server)
        await rehearse(study, connection)
        after = _read(server)
        return after[0] - before[0], after[1] - before[1]

    scans, documents = asyncio.run(scans_of_a_rehearsal())
    assert scans == 0
    limits = Limits()
    assert 0 < documents <= limits.commands * (limits.fetched + 1)


def _read(server: MongodProcess) -> tuple[int, int]:
    with server.client() as client:
        executor = client.admin.command("serverStatus")["metrics"]["queryExecutor"]
    return executor["collectionScans"]["total"], executor["scannedObjects"]


def test_what_its_time_does_not_allow_stays_an_estimate(server: MongodProcess) -> None:
    study, analysis = parts_of(server, Limits(time_s=0.0))
    assert analysis.recommendations == study.analysis.recommendations
    assert any("no time left" in note for note in analysis.notes)
