"""The queries of many processes: their counts add up, their samples and plans stand side by side."""

import os
from pathlib import Path
from typing import Any

from helpers.querying import in_request, measured, queries, shape
from helpers.waiting import wait_until

from perftui.instrument import ExplainLimits, MongoMonitor, Registry
from perftui.model.metrics import QueryDocument
from perftui.servers import MongodProcess

DATABASE = "query_workers"


def work(mongod: MongodProcess, monitor: MongoMonitor, number: int) -> None:
    with measured(mongod, monitor) as client, in_request("GET", f"/worker{number % 2}"):
        for _ in range(number):
            list(client[DATABASE].things.find({"kind": number}))
        list(client[DATABASE].things.find({f"own{number}": 1}))
        assert monitor.explaining is not None
        assert monitor.explaining.wait(60)


def all_published(document: QueryDocument) -> QueryDocument | None:
    """Samples and plans of other processes come once a second."""
    done = len(document.slow_samples) == 9 and all(one.plan for one in document.shapes)
    return document if done else None


def test_processes_add_up(mongod: MongodProcess, tmp_path: Path) -> None:
    with mongod.client() as client:
        client[DATABASE].things.drop()
        client[DATABASE].things.insert_many({"kind": number} for number in range(10))
    registry = Registry("shop", shared=tmp_path)
    limits = ExplainLimits(every_s=0.001, max_time_ms=20_000)
    monitor = MongoMonitor(registry, slow_ms=0, explain_with=mongod.uri, explain_limits=limits)
    work(mongod, monitor, 1)
    pipes: list[Any] = []
    for number in (2, 3):
        (told, tell), (go, let) = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            try:
                work(mongod, monitor, number)
                queries(registry)
                os.write(tell, b"done")
                os.read(go, 1)
            finally:
                os._exit(0)
        os.close(tell)
        pipes.append((child, told, let))
    assert [os.read(told, 10) for _, told, _ in pipes] == [b"done", b"done"]
    document = wait_until(lambda: all_published(queries(registry)))
    for child, told, let in pipes:
        os.write(let, b"x")
        os.waitpid(child, 0)
        os.close(told)
        os.close(let)
    found = shape(document, {"find": "things", "filter": {"kind": 1}}, DATABASE)
    assert (found.count, found.returned, found.plan) == (6, 6, "COLLSCAN")
    assert [(caller.route, caller.calls) for caller in found.callers] == [("/worker1", 4), ("/worker0", 2)]
    for number in (1, 2, 3):
        assert shape(document, {"find": "things", "filter": {f"own{number}": 1}}, DATABASE).plan == "COLLSCAN"
    assert document.slow == len(document.slow_samples) == 9
    assert [pool.created for pool in document.pools] == [3]
    assert queries(registry).count == 9
