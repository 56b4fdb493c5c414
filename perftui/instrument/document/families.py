"""What of a registry's totals becomes which metric. All are sums over the workers."""

from collections.abc import Iterator

from perftui.instrument.caches.kinds import CACHE, CACHE_GET, CACHE_SET, COUNTERS
from perftui.instrument.document.exposition import Family
from perftui.instrument.document.process import PROCESS
from perftui.instrument.endpoints.beside import Beside
from perftui.instrument.endpoints.kinds import CALL, ENDPOINT, EXCEPTION, WEBSOCKET, WEBSOCKET_METHOD
from perftui.instrument.registry import Registry
from perftui.instrument.store.reading import Reading


def service_family(registry: Registry) -> Family:
    """Who is measured."""
    family = Family("target", "info", "The application that is measured.")
    named = {
        "service_name": registry.service,
        "service_version": registry.version,
        "service_instance_id": registry.instance,
    }
    family.add(1, **{name: value for name, value in named.items() if value})
    return family


def process_families(registry: Registry, reading: Reading) -> Iterator[Family]:
    """The processes together, and what the library itself could not do."""
    series = reading.one(PROCESS.name)
    if series is not None:
        gauges, total = series.gauges, series.total
        yield _single(Family("process_cpu_seconds", "counter", "CPU time.", "seconds"), total.counters["cpu_s"])
        memory = Family("process_resident_memory_bytes", "gauge", "Resident memory.", "bytes")
        yield _single(memory, gauges["rss_bytes"]) if gauges["rss_bytes"] else memory
        yield _single(Family("process_threads", "gauge", "Threads."), gauges["threads"])
        collections = Family("python_gc_collections", "counter", "Garbage collections.")
        yield _single(collections, total.counter("collections"))
    started = Family("process_start_time_seconds", "gauge", "When the oldest worker started, Unix time.", "seconds")
    yield _single(started, started_at(reading))
    yield _single(Family("perftui_workers", "gauge", "Workers in these figures."), len(reading.workers))
    faults = Family("perftui_faults", "counter", "Failures inside the measuring library, by place; this worker's.")
    for place, number in dict(registry.faults).items():
        faults.add(number, place=place)
    yield faults


def started_at(reading: Reading) -> float:
    """When the oldest worker started, in Unix seconds."""
    return min((worker.started_at for worker in reading.workers), default=reading.wall)


def api_families(reading: Reading) -> Iterator[Family]:
    """Requests, functions and websockets."""
    about = "Duration of HTTP server requests."
    requests = Family("http_server_request_duration_seconds", "histogram", about, "seconds")
    received = Family("perftui_http_request_bytes", "counter", "Request bodies.", "bytes")
    sent = Family("perftui_http_response_bytes", "counter", "Response bodies.", "bytes")
    for series in reading.series(ENDPOINT.name):
        method, route, status = series.labels
        labels, total = {"http_request_method": method, "http_route": route}, series.total
        requests.add_durations(total.counts, total.sum_us, **labels, http_response_status_code=status)
        received.add(total.counter("request_bytes"), **labels)
        sent.add(total.counter("response_bytes"), **labels)
    yield from (requests, received, sent, _active(reading), _exceptions(reading))
    yield from _calls(reading)
    yield from _websockets(reading)


def _active(reading: Reading) -> Family:
    family = Family("http_server_active_requests", "gauge", "HTTP server requests in flight.")
    return _single(family, Beside(reading, reading.since_minute(0)).requests_in_flight().number)


def _exceptions(reading: Reading) -> Family:
    family = Family("perftui_exceptions", "counter", "What endpoints, functions and websockets raised.")
    for series in reading.series(EXCEPTION.name):
        method, route, name = series.labels
        labels = {"http_request_method": method, "http_route": route, "error_type": name}
        family.add(series.total.counter("raised"), **labels)
    return family


def _calls(reading: Reading) -> Iterator[Family]:
    durations = Family("perftui_call_duration_seconds", "histogram", "Duration of monitored functions.", "seconds")
    for series in reading.series(CALL.name):
        total = series.total
        durations.add_durations(total.counts, total.sum_us, function=series.labels[0])
    yield durations


def _websockets(reading: Reading) -> Iterator[Family]:
    durations = Family("perftui_websocket_duration_seconds", "histogram", "Duration of websockets.", "seconds")
    messages = Family("perftui_websocket_messages", "counter", "Messages of websockets, by direction.")
    for series in reading.series(WEBSOCKET.name):
        total, route = series.total, series.labels[0]
        durations.add_durations(total.counts, total.sum_us, http_route=route)
        for direction in ("received", "sent"):
            messages.add(total.counter(direction), http_route=route, direction=direction)
    yield from (durations, messages)
    active = Family("perftui_websockets_active", "gauge", "Open websockets.")
    for (method, route), running in Beside(reading, reading.since_minute(0)).in_flight.items():
        if method == WEBSOCKET_METHOD:
            active.add(running.number, http_route=route)
    yield active


def cache_families(reading: Reading) -> Iterator[Family]:
    """Counters, and the durations of gets and sets."""
    for kind in COUNTERS:
        family = Family(f"perftui_cache_{kind}", "counter", f"Cache {kind}.")
        for series in reading.series(CACHE.name):
            family.add(series.total.counter(kind), cache=series.labels[0])
        yield family
    for name, kind_name in (("get", CACHE_GET.name), ("set", CACHE_SET.name)):
        durations = Family(f"perftui_cache_{name}_duration_seconds", "histogram", f"Duration of a {name}.", "seconds")
        for series in reading.series(kind_name):
            durations.add_durations(series.total.counts, series.total.sum_us, cache=series.labels[0])
        yield durations


def _single(family: Family, value: float) -> Family:
    family.add(value)
    return family
