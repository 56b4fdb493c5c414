"""What a real OTLP/HTTP receiver gets, decoded from protobuf."""

import io
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from helpers.otlp import Receiver, receiving
from helpers.waiting import wait_until

from perftui.instrument import CacheMonitor, Registry
from perftui.instrument.endpoints.kinds import CALL, ENDPOINT, EXCEPTION, OTHER, UNMATCHED
from perftui.instrument.export import otlp
from perftui.instrument.export.otlp import OTLPExport
from perftui.instrument.export.points import BOUNDS_US, Temporality
from perftui.instrument.queries.kinds import POOL, QUERY, QUERY_ERROR

CUMULATIVE, DELTA = 2, 1
HITS = "perftui.cache.hits"
PAGES = (("perftui.cache.name", "pages"),)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def exporting(registry: Registry, receiver: Receiver, temporality: Temporality = "cumulative") -> OTLPExport:
    return OTLPExport(registry, endpoint=receiver.endpoint, temporality=temporality, every_s=3600, timeout_s=60)


def count(registry: Registry, requests: int) -> None:
    block = registry.block(ENDPOINT, "GET", "/items/{id}", "200")
    for number in range(requests):
        block.record(time.monotonic(), 0.001 * (number + 1))


def test_stable_names_units_and_attributes(receiver: Receiver) -> None:
    registry, now = Registry("shop", "1.2"), time.monotonic()
    registry.block(ENDPOINT, "GET", "/items/{id}", "200").record(now, 0.01)
    registry.block(ENDPOINT, "GET", "/items/{id}", "503").record(now, 0.02)
    registry.block(ENDPOINT, OTHER, UNMATCHED, "404").record(now, 0.001)
    registry.block(EXCEPTION, "GET", "/items/{id}", "KeyError").add(0)
    registry.block(CALL, "jobs.nightly").record(now, 2.0)
    for shape in ("s1", "s2"):
        registry.block(QUERY, shape, "shop.items", "find", "{a: ?}").record(now, 0.005)
    registry.block(QUERY_ERROR, "s1", "11000").add(0)
    pool = registry.block(POOL, "db:27017")
    pool.record(now, 0.003)
    for gauge, value in enumerate((5, 2, 1, 100)):
        pool.set(gauge, value)
    monitor = CacheMonitor("pages", registry)
    monitor.hit("a:1", 0.001)
    monitor.miss("a:2")
    monitor.hold(7, 700)
    with exporting(registry, receiver):
        pass
    assert registry.faults == {}
    metrics = receiver.metrics()
    assert {name: metric.unit for name, metric in metrics.items() if not name.startswith("perftui.")} == {
        "http.server.request.duration": "s",
        "http.server.active_requests": "{request}",
        "db.client.operation.duration": "s",
        "db.client.connection.wait_time": "s",
        "db.client.connection.timeouts": "{timeout}",
        "db.client.connection.count": "{connection}",
        "db.client.connection.pending_requests": "{request}",
        "db.client.connection.max": "{connection}",
        "process.cpu.time": "s",
        "process.memory.usage": "By",
        "process.thread.count": "{thread}",
    }
    route = (("http.request.method", "GET"), ("http.route", "/items/{id}"))
    assert set(receiver.histogram("http.server.request.duration")) == {
        (*route, ("http.response.status_code", 200)),
        (*route, ("http.response.status_code", 503), ("error.type", "503")),
        (("http.request.method", "_OTHER"), ("http.response.status_code", 404)),
    }
    assert receiver.counter("perftui.exceptions") == {(*route, ("error.type", "KeyError")): 1}
    assert set(receiver.histogram("perftui.call.duration")) == {(("code.function.name", "jobs.nightly"),)}
    ((attributes, operations),) = receiver.histogram("db.client.operation.duration").items()
    assert dict(attributes) == {
        "db.system.name": "mongodb",
        "db.namespace": "shop",
        "db.collection.name": "items",
        "db.operation.name": "find",
    }
    assert operations.count == 2
    name = ("db.client.connection.pool.name", "db:27017")
    assert receiver.counter("db.client.connection.count") == {
        (name, ("db.client.connection.state", "used")): 2,
        (name, ("db.client.connection.state", "idle")): 3,
    }
    assert (receiver.counter(HITS), receiver.counter("perftui.cache.misses")) == ({PAGES: 1}, {PAGES: 1})
    assert (receiver.counter("perftui.cache.keys"), receiver.counter("perftui.cache.bytes")) == (
        {PAGES: 7},
        {PAGES: 700},
    )
    assert receiver.histogram("perftui.cache.get.duration")[PAGES].count == 1
    resource = receiver.resource()
    assert (resource["service.name"], resource["service.version"]) == ("shop", "1.2")
    assert resource["service.instance.id"].endswith(f":{os.getpid()}")


def test_buckets_are_exact_and_times_those_of_the_figures(receiver: Receiver) -> None:
    registry, before = Registry("shop"), time.time_ns()
    micros = [1, 15, 16, 17, 31, 32, 1000, 1023, 1024, 5000, 33_554_431, 33_554_432, 50_000_000]
    block = registry.block(ENDPOINT, "GET", "/", "200")
    for one in micros:
        block.record(time.monotonic(), one / 1e6 + 1e-9)
    export = exporting(registry, receiver)
    assert export.export()
    export.stop()
    (point,) = receiver.histogram("http.server.request.duration", 0).values()
    edges = [0, *BOUNDS_US, 10**12]
    expected = [sum(low <= one < high for one in micros) for low, high in pairwise(edges)]
    assert list(point.bucket_counts) == expected
    assert list(point.explicit_bounds) == [bound / 1e6 for bound in BOUNDS_US]
    assert (point.count, sum(expected)) == (len(micros), len(micros))
    assert point.sum == pytest.approx(sum(micros) / 1e6, rel=1e-6)
    assert (point.min, point.max) == (pytest.approx(1e-6, rel=0.01), pytest.approx(50.0))
    assert before - 10**9 < point.start_time_unix_nano <= point.time_unix_nano <= time.time_ns()
    metrics = receiver.metrics(0)
    assert metrics["http.server.request.duration"].histogram.aggregation_temporality == CUMULATIVE
    assert metrics["http.server.active_requests"].sum.is_monotonic is False
    assert metrics["process.cpu.time"].sum.is_monotonic is True


def test_cumulative_figures_grow_from_one_start(receiver: Receiver) -> None:
    registry = Registry("shop")
    with exporting(registry, receiver) as export:
        count(registry, 3)
        assert export.export()
        count(registry, 2)
        registry.clear("all")
    (first,) = receiver.histogram("http.server.request.duration", 0).values()
    (second,) = receiver.histogram("http.server.request.duration", 1).values()
    assert (first.count, second.count, export.exports, export.failures) == (3, 5, 2, 0)
    assert abs(first.start_time_unix_nano - second.start_time_unix_nano) < 10**8


def test_deltas_hold_what_came_since_and_nothing_twice(receiver: Receiver) -> None:
    registry = Registry("shop")
    monitor = CacheMonitor("pages", registry)
    with exporting(registry, receiver, "delta") as export:
        count(registry, 3)
        monitor.hit()
        assert export.export()
        count(registry, 2)
        assert export.export()
        monitor.hit()
    points = [list(receiver.histogram("http.server.request.duration", at).values()) for at in range(3)]
    assert [[point.count for point in found] for found in points] == [[3], [2], []]
    assert points[1][0].start_time_unix_nano == points[0][0].time_unix_nano
    assert points[1][0].sum == pytest.approx(0.003)
    assert points[1][0].max <= 0.0021
    assert [receiver.counter(HITS, at) for at in range(3)] == [{PAGES: 1}, {}, {PAGES: 1}]
    metrics = receiver.metrics(0)
    assert metrics["http.server.request.duration"].histogram.aggregation_temporality == DELTA
    assert metrics[HITS].sum.aggregation_temporality == DELTA
    assert metrics["http.server.active_requests"].sum.aggregation_temporality == CUMULATIVE


@pytest.mark.parametrize("status", [400, 401, 500])
def test_what_was_refused_goes_with_the_next_export(receiver: Receiver, status: int) -> None:
    registry = Registry("shop")
    with exporting(registry, receiver, "delta") as export:
        count(registry, 3)
        assert export.export()
        count(registry, 2)
        receiver.status = status
        assert not export.export()
        assert (export.exports, export.failures, registry.faults) == (1, 1, {"otlp export": 1})
        count(registry, 4)
        receiver.status = 200
    counts = [
        point.count for at in range(2) for point in receiver.histogram("http.server.request.duration", at).values()
    ]
    assert counts == [3, 6]
    assert receiver.refused == 1


def test_nobody_there_is_counted_and_not_raised(caplog: pytest.LogCaptureFixture) -> None:
    registry = Registry("shop")
    count(registry, 1)
    export = OTLPExport(registry, endpoint="http://127.0.0.1:9/v1/metrics", every_s=3600, timeout_s=0.2)
    assert not export.export()
    export.stop()
    export.stop()
    assert (export.exports, export.failures) == (0, 2)


def test_hostile_names_arrive_as_harmless_text(receiver: Receiver) -> None:
    registry = Registry("shop\x1b[2J\ud800", "\n")
    hostile = ['"} 1\n# evil', "\x1b[31mred", "\ud800", "x" * 5000, "\u202egnp", "\x00", "é漢"]
    for text in hostile:
        registry.block(ENDPOINT, "GET", text.encode("utf-8", "replace").decode(), "200").record(time.monotonic(), 0.1)
        CacheMonitor(text, registry).hit()
        registry.block(CALL, text.encode("utf-8", "replace").decode()).record(time.monotonic(), 0.1)
    with exporting(registry, receiver):
        pass
    assert registry.faults == {}
    texts = [str(value) for at in receiver.histogram("http.server.request.duration") for _, value in at]
    texts += [str(value) for at in receiver.counter(HITS) for _, value in at]
    texts += [receiver.resource()["service.name"], receiver.resource()["service.version"]]
    assert len(texts) > len(hostile)
    for text in texts:
        assert len(text) <= 300
        assert not any(ord(letter) < 32 or letter in "\x7f\u202e" for letter in text)
    assert "é漢" in texts


def test_it_exports_on_a_timer_without_holding_the_registry_s_thread(receiver: Receiver) -> None:
    registry = Registry("shop")
    export = OTLPExport(registry, endpoint=receiver.endpoint, every_s=0.01, timeout_s=60)
    count(registry, 3)
    receiver.wait_for(2)
    export.stop()
    sent = len(receiver.requests)
    assert receiver.histogram("http.server.request.duration")
    registry.tick(1e12)
    assert (len(receiver.requests), registry.faults) == (sent, {})


def test_the_first_export_comes_after_an_interval(receiver: Receiver) -> None:
    registry = Registry("shop")
    with exporting(registry, receiver):
        count(registry, 1)
        for second in range(3):
            registry.tick(time.monotonic() + second)
        begun = [thread for thread in threading.enumerate() if thread.name == "perftui-otlp"]
        assert (begun, receiver.requests) == ([], [])
    assert len(receiver.requests) == 1


def test_headers_and_resource_attributes(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "cloud.region=north")
    export = OTLPExport(
        Registry("shop"),
        endpoint=receiver.endpoint,
        headers={"api-key": "k1"},
        attributes={"deployment.environment.name": "test"},
        instance="web-1",
    )
    assert export.temporality == "delta"
    count(export.registry, 1)
    export.stop()
    assert receiver.headers[-1]["api-key"] == "k1"
    resource = receiver.resource()
    assert resource["deployment.environment.name"] == "test"
    assert (resource["service.instance.id"], resource["cloud.region"]) == ("web-1", "north")


def test_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValueError, match="cumulative or delta"):
        OTLPExport(Registry(), temporality="daily")  # type: ignore[arg-type]
    monkeypatch.setattr(otlp, "_HTTP", "opentelemetry.exporter.none")
    with pytest.raises(ImportError, match=r"perftui\[otlp\]"):
        OTLPExport(Registry())


def test_another_exporter_of_opentelemetry_s() -> None:
    from opentelemetry.sdk.metrics.export import ConsoleMetricExporter

    registry, out = Registry("shop"), io.StringIO()
    count(registry, 1)
    with OTLPExport(registry, exporter=ConsoleMetricExporter(out=out)) as export:
        pass
    assert (export.exports, export.failures) == (1, 0)
    assert "http.server.request.duration" in out.getvalue()


PROGRAM = """
import sys, time
from perftui.instrument import CacheMonitor, Registry
from perftui.instrument.export.otlp import OTLPExport
endpoint, folder, hits, temporality, then = sys.argv[1:]
registry = Registry("shop", shared=folder or None)
export = OTLPExport(registry, endpoint=endpoint, temporality=temporality, every_s=3600)
monitor = CacheMonitor("pages", registry)
for _ in range(int(hits)):
    monitor.hit()
if then == "wait":
    assert registry.elected
    assert export.export()
    for _ in range(5):
        monitor.hit()
    print("ready", flush=True)
    time.sleep(600)
"""


def program(receiver: Receiver, folder: Path | str, hits: int, temporality: str, then: str = "end") -> Any:
    arguments = [receiver.endpoint, str(folder), str(hits), temporality, then]
    return subprocess.Popen([sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, text=True)


def test_the_last_export_is_at_exit(receiver: Receiver) -> None:
    with program(receiver, "", 3, "cumulative") as running:
        assert running.wait(timeout=60) == 0
    assert [receiver.counter(HITS, at) for at in range(len(receiver.requests))][-1] == {PAGES: 3}


def test_one_worker_of_many_exports_the_figures_of_all(receiver: Receiver, tmp_path: Path) -> None:
    registries = [Registry("shop", shared=tmp_path / "figures") for _ in range(3)]
    exports = [exporting(registry, receiver) for registry in registries]
    for number, registry in enumerate(registries):
        monitor = CacheMonitor("pages", registry)
        for _ in range(number + 1):
            monitor.hit()
    assert [registry.elected for registry in registries] == [True, False, False]
    for export in exports:
        export.stop()
    assert [receiver.counter(HITS, at) for at in range(len(receiver.requests))] == [{PAGES: 6}]
    assert not receiver.resource()["service.instance.id"].endswith(f":{os.getpid()}")


def test_the_next_one_elected_goes_on_where_a_killed_worker_stopped(receiver: Receiver, tmp_path: Path) -> None:
    folder = tmp_path / "figures"
    with program(receiver, folder, 3, "delta", "wait") as leader:
        try:
            assert leader.stdout.readline() == "ready\n"
            registry = Registry("shop", shared=folder)
            with exporting(registry, receiver, "delta"):
                CacheMonitor("pages", registry).hit()
                assert not registry.elected
                leader.send_signal(signal.SIGKILL)
                leader.wait(timeout=60)
                wait_until(lambda: registry.elected)
                registry.tick(time.monotonic())
        finally:
            leader.kill()
    found = [receiver.counter(HITS, at) for at in range(len(receiver.requests))]
    assert [counts for counts in found if counts] == [{PAGES: 3}, {PAGES: 6}]


def test_a_child_exports_its_own_after_a_fork(receiver: Receiver) -> None:
    registry = Registry("shop")
    export = exporting(registry, receiver, "delta")
    monitor = CacheMonitor("pages", registry)
    for _ in range(3):
        monitor.hit()
    assert export.export()
    child = os.fork()
    if child == 0:
        try:
            monitor.hit()
            export.export()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    export.stop()
    found = [(receiver.resource(at)["service.instance.id"], receiver.counter(HITS, at)) for at in range(2)]
    assert [counts for _, counts in found] == [{PAGES: 3}, {PAGES: 1}]
    assert found[0][0] != found[1][0]
