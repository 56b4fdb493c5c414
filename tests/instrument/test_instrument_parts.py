"""Budgets, caches, queries, and what the library may import."""

import subprocess
import sys
import threading

import pytest
from pymongo import MongoClient

from perftui.advice.shapes.shape import shape_of
from perftui.instrument import CacheMonitor, MongoMonitor, Registry, build_document
from perftui.servers import MongodProcess


def test_no_count_is_lost_between_threads() -> None:
    registry = Registry()
    monitor = CacheMonitor("pages", registry)

    def work() -> None:
        for number in range(2000):
            monitor.hit(f"page:{number}", 0.001)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    document = build_document(registry).cache
    assert document is not None
    assert document["pages"].hits == 8000
    assert document["pages"].get.count == 8000


def test_queries_by_collection_operation_and_shape(mongod: MongodProcess) -> None:
    registry = Registry()
    with MongoClient[dict[str, object]](mongod.uri, event_listeners=[MongoMonitor(registry)]) as client:
        things = client["instrument_parts"]["things"]
        things.drop()
        things.insert_many({"n": number, "kind": "SECRET"} for number in range(250))
        assert len(list(things.find({"kind": "SECRET"}, batch_size=100))) == 250
        things.find_one({"kind": "other"})
        things.distinct("n")
        with pytest.raises(Exception, match="unknown top level operator"):
            things.find_one({"$nonsense": 1})
        client.drop_database("instrument_parts")
    document = build_document(registry)
    assert document.query is not None
    shapes = {(one.op, one.shape): one for one in document.query.shapes}
    expected = shape_of({"find": "things", "filter": {"kind": "x"}}, "instrument_parts.things")
    found = next(one for one in document.query.shapes if one.id == expected.id)
    assert (found.count, found.get_mores, found.returned) == (2, 2, 250)
    assert sum(one.errors for one in document.query.shapes) == 1
    assert {one.name for one in document.query.by_operation} == {"insert", "find", "distinct"}
    assert [one.name for one in document.query.by_collection] == ["instrument_parts.things"]
    assert len(shapes) == 4
    assert b"SECRET" not in document.to_json()


def test_importing_it_costs_no_client_and_no_screen() -> None:
    code = (
        "import sys; from perftui.instrument import ASGIMiddleware, CacheMonitor, Registry, metrics_app; Registry();"
        "print([m for m in ('textual','rich','httpx','pymongo','redis','starlette') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
