"""Whatever is thrown at the listener: memory stays, and no query fails because of it."""

import tracemalloc
from datetime import timedelta
from typing import Any

import pytest
from helpers.querying import measured, queries
from pymongo import monitoring

from perftui.instrument import MongoMonitor, Registry
from perftui.servers import MongodProcess

ADDRESS = ("h", 1)


def send(monitor: MongoMonitor, number: int, command: dict[str, Any], reply: dict[str, Any] | None = None) -> None:
    name = next(iter(command))
    monitor.started(monitoring.CommandStartedEvent(command, "shop", number, ADDRESS, number))
    if reply is not None:
        took = timedelta(microseconds=10)
        monitor.succeeded(monitoring.CommandSucceededEvent(took, reply, name, number, ADDRESS, number))


def test_forty_thousand_shapes_collections_and_cursors_leave_no_more_than_a_few() -> None:
    registry = Registry("shop", max_shapes=100)
    monitor = MongoMonitor(registry)

    def throw(begin: int, end: int) -> None:
        for number in range(begin, end):
            reply = {"cursor": {"firstBatch": [], "id": number}, "ok": 1}
            send(monitor, number, {"find": f"c{number % 1000}", "filter": {f"field{number}": 1}}, reply)
            send(monitor, number, {"find": "never", "filter": {"answered": number}})

    throw(1, 30_001)
    tracemalloc.start()
    throw(30_001, 32_001)
    before = tracemalloc.get_traced_memory()[0]
    throw(32_001, 40_001)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 3_000_000
    assert (len(monitor.cursors), len(monitor.running)) == (10_000, 10_000)
    document = queries(registry)
    assert document.count == 40_000
    assert len(registry.queries) <= 101
    assert any(one.id == "(other)" and one.count > 39_000 for one in document.shapes)
    assert document.error_codes == {}  # they may run still, for all that is known


@pytest.mark.parametrize(
    "reply",
    [
        {}, {"cursor": None}, {"cursor": 5}, {"cursor": {}}, {"cursor": {"firstBatch": 7, "id": 1}}, {"values": 3},
        {"cursor": {"firstBatch": [], "id": "x"}}, {"n": "many"}, {"lastErrorObject": 5}, {"writeErrors": 5},
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "command",
    [
        {"find": "a", "filter": 5}, {"find": None}, {"aggregate": "a"}, {"update": "a", "updates": 5}, {"getMore": "x"},
        {"findAndModify": "a", "query": []}, {"distinct": "a"}, {"killCursors": "a", "cursors": 5}, {"insert": "a"},
    ],
)  # fmt: skip
def test_nothing_raises_whatever_a_server_or_an_application_says(
    command: dict[str, Any], reply: dict[str, Any]
) -> None:
    monitor = MongoMonitor(Registry("shop"))
    send(monitor, 1, command, {"ok": 1, **reply})
    send(monitor, 2, command)
    took = timedelta(microseconds=10)
    name = next(iter(command))
    monitor.failed(monitoring.CommandFailedEvent(took, {"code": object()}, name, 2, ADDRESS, 2))
    monitor.failed(monitoring.CommandFailedEvent(took, {}, name, 99, ADDRESS, 2))


def test_a_fault_in_the_listener_never_fails_the_application_s_query(
    mongod: MongodProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry("shop")
    monitor = MongoMonitor(registry)

    def broken(*_values: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(monitor, "_shape_of", broken)
    monkeypatch.setattr(monitor._pools, "_of", broken)
    with measured(mongod, monitor) as client:
        assert client["query_hostile"].things.find_one({"a": 1}) is None
    assert registry.faults["query started"] == 1
    assert registry.faults["pool"] > 0


def test_names_and_values_cannot_leave(mongod: MongodProcess) -> None:
    registry = Registry("shop")
    with measured(mongod, MongoMonitor(registry)) as client:
        things = client["query_hostile"].things
        things.find_one({"a\x1b[31m": "SECRET", "b": {"$in": ["SECRET", 1]}})
        things.update_many({"c": "SECRET"}, {"$set": {"d": "SECRET"}})
    text = queries(registry)
    assert "SECRET" not in repr(text)
    assert "\x1b" not in "".join(one.shape for one in text.shapes)
