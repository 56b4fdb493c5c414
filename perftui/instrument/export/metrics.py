"""A reading's totals as metrics with OpenTelemetry's stable names; what has none there is named `perftui.*`."""

import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from perftui.instrument.caches.kinds import CACHE, CACHE_GET, CACHE_SET, COUNTERS
from perftui.instrument.caches.reading import cache_documents
from perftui.instrument.document.process import PROCESS
from perftui.instrument.endpoints.beside import Beside
from perftui.instrument.endpoints.kinds import CALL, ENDPOINT, EXCEPTION, OTHER, UNMATCHED, WEBSOCKET
from perftui.instrument.queries.kinds import POOL, QUERY, QUERY_ERROR
from perftui.instrument.store.kinds import Kind
from perftui.instrument.store.reading import Reading, SeriesReading
from perftui.instrument.store.tally import Tally

Attributes = tuple[tuple[str, str | int], ...]
Form = Literal["histogram", "counter", "level"]
"""A level is a gauge that can be summed over applications: the number of open connections."""
_LONGEST = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


class Measured(NamedTuple):
    """One metric; durations are in a `Tally`, other values plain."""

    name: str
    unit: str
    about: str
    form: Form
    points: dict[Attributes, Tally]
    counter: str = ""
    """Which of the tallies' counters holds the value, where it is no histogram."""

    def add(self, attributes: Attributes, tally: Tally) -> None:
        """Points of equal attributes are one."""
        self.points.setdefault(attributes, Tally()).merge(tally)


Named = Callable[[tuple[str, ...]], Attributes]
"""From a series' labels to attributes."""


def measured(reading: Reading) -> list[Measured]:
    """Every metric that has points."""
    found = [*_requests(reading), *_functions(reading), *_queries(reading), *_caches(reading), *_process(reading)]
    return [metric for metric in found if metric.points]


def safe(value: object) -> str:
    """Any value as a short text that can be encoded, without control characters and changes of direction."""
    text = str(value)[:_LONGEST].encode("utf-8", "replace").decode()
    return _CONTROL.sub("\ufffd", text)


def _histogram(reading: Reading, kind: Kind, name: str, about: str, named: Named) -> Measured:
    metric = Measured(name, "s", about, "histogram", {})
    for series in reading.series(kind.name):
        metric.add(named(series.labels), series.total)
    return metric


def _counter(reading: Reading, kind: Kind, counter: str, name: str, unit: str, about: str, named: Named) -> Measured:
    metric = Measured(name, unit, about, "counter", {}, counter)
    for series in reading.series(kind.name):
        metric.add(named(series.labels), series.total)
    return metric


def _level(name: str, unit: str, about: str, *values: tuple[Attributes, float | None]) -> Measured:
    metric = Measured(name, unit, about, "level", {}, "level")
    for attributes, value in values:
        if value is not None:
            tally = Tally()
            tally.add((), (("level", value),), 0.0)
            metric.add(attributes, tally)
    return metric


def _requests(reading: Reading) -> Iterator[Measured]:
    yield _histogram(
        reading, ENDPOINT, "http.server.request.duration", "Duration of HTTP server requests.", _of_request
    )
    for counter, about in (("request_bytes", "Request bodies."), ("response_bytes", "Response bodies.")):
        name = f"perftui.http.server.{counter.replace('_', '.')}"
        yield _counter(reading, ENDPOINT, counter, name, "By", about, lambda labels: _route(*labels[:2]))
    running = Beside(reading, reading.since_minute(0)).requests_in_flight().number
    about = "Number of active HTTP server requests."
    yield _level("http.server.active_requests", "{request}", about, ((), running))
    yield _counter(
        reading, EXCEPTION, "raised", "perftui.exceptions", "{exception}", "What endpoints and functions raised.",
        lambda labels: (*_route(*labels[:2]), ("error.type", safe(labels[2]))),
    )  # fmt: skip


def _of_request(labels: tuple[str, ...]) -> Attributes:
    method, route, status = labels
    if not status.isdecimal():
        return _route(method, route)
    failed = (("error.type", status),) if status >= "500" else ()
    return (*_route(method, route), ("http.response.status_code", int(status)), *failed)


def _route(method: str, route: str) -> Attributes:
    named = (("http.request.method", "_OTHER" if method == OTHER else safe(method)),)
    return named if route == UNMATCHED else (*named, ("http.route", safe(route)))


def _functions(reading: Reading) -> Iterator[Measured]:
    yield _histogram(
        reading, CALL, "perftui.call.duration", "Duration of monitored functions.", _one("code.function.name")
    )
    about = "Duration of websockets."
    yield _histogram(reading, WEBSOCKET, "perftui.websocket.duration", about, _one("http.route"))


def _queries(reading: Reading) -> Iterator[Measured]:
    about = "Duration of database client operations."
    yield _histogram(reading, QUERY, "db.client.operation.duration", about, _of_query)
    about = "Documents that operations returned."
    yield _counter(reading, QUERY, "returned", "perftui.db.client.returned_documents", "{document}", about, _of_query)
    about = "Database client operations that failed."
    yield _counter(
        reading, QUERY_ERROR, "errors", "perftui.db.client.errors", "{error}", about,
        lambda labels: (("db.system.name", "mongodb"), ("error.type", safe(labels[1]))),
    )  # fmt: skip
    pool, about = _one("db.client.connection.pool.name"), "The time it took to obtain an open connection from the pool."
    yield _histogram(reading, POOL, "db.client.connection.wait_time", about, pool)
    about = "Connection timeouts that have occurred trying to obtain a connection from the pool."
    yield _counter(reading, POOL, "failed_timeout", "db.client.connection.timeouts", "{timeout}", about, pool)
    yield from _pools(reading.series(POOL.name), pool)


def _of_query(labels: tuple[str, ...]) -> Attributes:
    database, dot, collection = labels[1].partition(".")
    named = (("db.namespace", safe(database)), ("db.collection.name", safe(collection)))
    told = named if dot else (("db.collection.name", safe(labels[1])),)
    return (("db.system.name", "mongodb"), *told, ("db.operation.name", safe(labels[2])))


def _pools(pools: list[SeriesReading], named: Named) -> Iterator[Measured]:
    used, idle, waiting, largest = [], [], [], []
    for series in pools:
        gauges, name = series.gauges, named(series.labels)
        used.append(((*name, ("db.client.connection.state", "used")), gauges["in_use"]))
        idle.append(((*name, ("db.client.connection.state", "idle")), max(gauges["size"] - gauges["in_use"], 0)))
        waiting.append((name, gauges["waiting"]))
        largest.append((name, gauges["max_size"] or None))
    about = "Connections that are in the state that the attribute says."
    yield _level("db.client.connection.count", "{connection}", about, *used, *idle)
    about = "Pending requests for an open connection."
    yield _level("db.client.connection.pending_requests", "{request}", about, *waiting)
    yield _level("db.client.connection.max", "{connection}", "The most open connections allowed.", *largest)


def _caches(reading: Reading) -> Iterator[Measured]:
    named = _one("perftui.cache.name")
    for counter in COUNTERS:
        unit = f"{{{counter.removesuffix('s') if counter != 'misses' else 'miss'}}}"
        yield _counter(reading, CACHE, counter, f"perftui.cache.{counter}", unit, f"Cache {counter}.", named)
    yield _histogram(reading, CACHE_GET, "perftui.cache.get.duration", "Duration of a get.", named)
    yield _histogram(reading, CACHE_SET, "perftui.cache.set.duration", "Duration of a set.", named)
    documents = cache_documents(reading, reading.since_minute(0), 0)
    held = [(named((name,)), document) for name, document in documents.items()]
    yield _level("perftui.cache.keys", "{key}", "Keys held.", *((name, found.keys) for name, found in held))
    yield _level("perftui.cache.bytes", "By", "Bytes held.", *((name, found.bytes) for name, found in held))


def _process(reading: Reading) -> Iterator[Measured]:
    series = reading.one(PROCESS.name)
    if series is None:
        return
    nothing: Named = lambda _labels: ()  # noqa: E731
    yield _counter(reading, PROCESS, "cpu_s", "process.cpu.time", "s", "Total CPU seconds, of all workers.", nothing)
    gauges = series.gauges
    yield _level("process.memory.usage", "By", "Physical memory in use.", ((), gauges["rss_bytes"] or None))
    yield _level("process.thread.count", "{thread}", "Process threads count.", ((), gauges["threads"] or None))


def _one(attribute: str) -> Named:
    return lambda labels: ((attribute, safe(labels[0])),)
