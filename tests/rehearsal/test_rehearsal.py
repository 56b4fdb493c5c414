"""Advice tried on a copy in a private mongod: measured, bounded, and nothing of it on the monitored server."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.processes import processes_in
from helpers.waiting import wait_until
from msgspec import structs
from pymongo import MongoClient

from perftui.analysis.entries import Wanted
from perftui.analysis.server import Request, analyse_connection
from perftui.analysis.study import Options, Study
from perftui.model.analysis import Analysis, Recommendation
from perftui.model.target import Connection
from perftui.rehearsal.announcement import SAME_MACHINE, announcement
from perftui.rehearsal.asking import rehearse_on
from perftui.rehearsal.limits import Limits
from perftui.rehearsal.rehearse import rehearse
from perftui.servers import MongodProcess, PrivateServers, binaries, find_mongod
from perftui.targets import connect_to

Client = MongoClient[dict[str, Any]]
ORDERS = "shop.orders"


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    """6,000 orders of 300 customers, and a profile of queries that scan them."""
    with PrivateServers() as servers:
        mongod = servers.start_mongod()
        client: Client
        with MongoClient(mongod.uri) as client:
            orders: Any = client.shop.orders
            orders.insert_many(
                [{"customer": number % 300, "at": number, "open": number % 7 == 0} for number in range(6_000)]
            )
            customers: Any = client.shop.customers
            customers.insert_many([{"code": number, "city": number % 20} for number in range(2_000)])
            client.shop.command({"profile": 2})
            for customer in range(40):
                list(orders.find({"customer": customer}).sort("at", -1).limit(5))
            join = {"from": "customers", "localField": "customer", "foreignField": "code", "as": "who"}
            for number in range(5):
                list(orders.aggregate([{"$match": {"at": {"$lt": 40 + number}}}, {"$lookup": join}]))
            client.shop.command({"profile": 0})
        yield mongod


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the private server puts its folder."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    monkeypatch.setattr("tempfile.tempdir", None)
    return place


def study_of(connection: Connection, ns: str | None = ORDERS) -> Study:
    request = Request(wanted=Wanted(ns=ns), options=Options(samples=True))
    return asyncio.run(analyse_connection(connection, request))


def index_of(analysis: Analysis, ns: str, first: str) -> Recommendation:
    return next(one for one in analysis.recommendations if one.ns == ns and one.keys[0][0] == first)


def counters(server: MongodProcess) -> dict[str, int]:
    """What a scan or a write of anybody would move."""
    client: Client
    with MongoClient(server.uri) as client:
        status = client.admin.command("serverStatus")
    scans = status["metrics"]["queryExecutor"]["collectionScans"]["total"]
    written = status["metrics"]["document"]
    return {"scans": scans, **{name: written[name] for name in ("inserted", "updated", "deleted")}}


def test_measured_figures_take_the_estimates_place_and_the_server_is_only_read(
    server: MongodProcess, temporary: Path
) -> None:
    connection = connect_to(server.uri)
    study = study_of(connection)
    estimated = index_of(study.analysis, ORDERS, "customer")
    before = counters(server)
    analysis = asyncio.run(rehearse(study, connection))
    assert counters(server) == before
    index = index_of(analysis, ORDERS, "customer")
    assert (estimated.basis, index.basis) == ("model", "rehearsed")
    assert index.keys == (("customer", 1), ("at", -1))
    (served,) = [shape for shape in index.shapes if "sort" in shape.shape]
    assert (served.keys_after, served.docs_after) == (5, 5)
    assert served.docs_before == 6_000
    assert any("6,000 documents" in note for note in analysis.notes), analysis.notes
    assert not list(temporary.iterdir())


def test_a_better_index_takes_the_place_of_the_model_s(server: MongodProcess, temporary: Path) -> None:
    connection = connect_to(server.uri)
    study = study_of(connection)
    right = index_of(study.analysis, ORDERS, "customer")
    wrong = structs.replace(right, keys=(("open", 1), ("at", -1)), name="open_1_at_-1", supersedes=())
    others = tuple(one for one in study.analysis.recommendations if one is not right)
    misled = structs.replace(study.analysis, recommendations=(wrong, *others))
    changed = Study(analysis=misled, loads=study.loads, facts=study.facts, writes=study.writes)
    analysis = asyncio.run(rehearse(changed, connection))
    assert index_of(analysis, ORDERS, "customer").basis == "rehearsed"
    assert not any(one.keys == wrong.keys for one in analysis.recommendations)
    assert any("prefers { customer: 1, at: -1 } to { open: 1, at: -1 }" in note for note in analysis.notes)


def test_the_joined_side_is_measured_on_its_own_documents(server: MongodProcess, temporary: Path) -> None:
    connection = connect_to(server.uri)
    analysis = asyncio.run(rehearse(study_of(connection, "shop"), connection))
    index = index_of(analysis, "shop.customers", "code")
    assert index.basis == "rehearsed"
    assert index.expected.docs_examined is not None
    assert index.expected.docs_examined < 100


def test_without_a_mongod_the_estimates_stand_and_it_is_said(
    server: MongodProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = connect_to(server.uri)
    study = study_of(connection)
    find_mongod.cache_clear()
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(binaries, "packaged", lambda *_: None)
    try:
        analysis = asyncio.run(rehearse(study, connection))
    finally:
        find_mongod.cache_clear()
    assert analysis.recommendations == study.analysis.recommendations
    assert {one.basis for one in analysis.recommendations} == {"model"}
    assert any("Nothing was rehearsed" in note and "estimate" in note for note in analysis.notes)


def test_what_does_not_fit_into_its_memory_is_left_out_and_said(server: MongodProcess, temporary: Path) -> None:
    connection = connect_to(server.uri)
    analysis = asyncio.run(rehearse(study_of(connection), connection, limits=Limits(sample_bytes=30_000)))
    said = " ".join([*analysis.notes, *(word for one in analysis.recommendations for word in one.warnings)])
    assert "6,000 documents" not in said
    assert "sampled documents match" in said or "did not fit" in said or "memory" in said
    assert not list(temporary.iterdir())


def test_cancelled_it_leaves_nothing(server: MongodProcess, temporary: Path) -> None:
    connection = connect_to(server.uri)
    study = study_of(connection)

    async def cancel_once_it_loads() -> None:
        loading = asyncio.Event()
        loop = asyncio.get_running_loop()

        def tell(_step: str) -> None:
            loop.call_soon_threadsafe(loading.set)

        work = asyncio.create_task(rehearse(study, connection, tell=tell))
        await asyncio.wait_for(loading.wait(), 60)
        work.cancel()
        with pytest.raises(asyncio.CancelledError):
            await work

    asyncio.run(cancel_once_it_loads())
    wait_until(lambda: not list(temporary.iterdir()))
    wait_until(lambda: not processes_in(temporary))


def test_the_monitor_asks_for_one_shape_or_hears_a_sentence(server: MongodProcess, temporary: Path) -> None:
    told: list[str] = []
    found = asyncio.run(rehearse_on(connect_to(server.uri), ns=ORDERS, tell=told.append))
    assert isinstance(found, Analysis)
    assert index_of(found, ORDERS, "customer").basis == "rehearsed"
    assert "starting a private mongod" in told
    gone = connect_to("mongodb://127.0.0.1:1", timeout_s=1.0)
    assert "127.0.0.1:1" in str(asyncio.run(rehearse_on(gone, ns=ORDERS, tell=told.append)))


def test_before_it_is_said_what_comes_where_and_that_it_is_this_machine(server: MongodProcess) -> None:
    connection = connect_to(server.uri)
    said = " ".join(announcement(study_of(connection), connection))
    assert f"6,000 documents of {ORDERS}" in said
    assert "stay on this machine and are deleted at the end" in said
    assert SAME_MACHINE in said
