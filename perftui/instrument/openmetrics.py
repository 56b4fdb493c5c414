"""A registry's totals as OpenMetrics text, under OpenTelemetry's stable names; a clear leaves its counters."""

import time
from collections.abc import Iterable, Iterator, Mapping

from perftui.instrument.caches import KINDS
from perftui.instrument.registry import Registry
from perftui.instrument.system import resident_bytes
from perftui.model.histogram import bounds_of

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_BOUNDS_US = tuple(2**power for power in range(8, 26))
"""Powers of two are bounds of loglin16 itself, so every count is exact."""
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})

Totals = tuple[Mapping[int, int], float]


def openmetrics(registry: Registry) -> bytes:
    """The whole text, `# EOF` included."""
    with registry.lock:
        lines = [*_endpoints(registry), *_queries(registry), *_caches(registry)]
    return "\n".join([*lines, *_process(registry), "# EOF", ""]).encode("utf-8", "replace")


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in labels.items())


def _histogram(name: str, labels: Mapping[str, str], totals: Totals) -> Iterator[str]:
    counts, sum_us = totals
    filled = sorted(counts.items())
    text, below, at = _labels(labels), 0, 0
    for bound in _BOUNDS_US:
        while at < len(filled) and bounds_of(filled[at][0])[1] <= bound:
            below += filled[at][1]
            at += 1
        yield f'{name}_bucket{{{text},le="{bound / 1e6!r}"}} {below}'
    count = sum(counts.values())
    yield f'{name}_bucket{{{text},le="+Inf"}} {count}'
    yield f"{name}_count{{{text}}} {count}"
    yield f"{name}_sum{{{text}}} {sum_us / 1e6!r}"


def _family(name: str, kind: str, help_text: str, unit: str = "") -> Iterator[str]:
    yield f"# TYPE {name} {kind}"
    if unit:
        yield f"# UNIT {name} {unit}"
    yield f"# HELP {name} {help_text}"


def _endpoints(registry: Registry) -> Iterator[str]:
    name = "http_server_request_duration_seconds"
    yield from _family(name, "histogram", "Duration of HTTP server requests.", "seconds")
    for (method, route, status), series in registry.endpoints.series.items():
        labels = {"http_request_method": method, "http_route": route, "http_response_status_code": str(status)}
        yield from _histogram(name, labels, series.totals())
    yield from _family("http_server_active_requests", "gauge", "HTTP server requests in flight.")
    yield f"http_server_active_requests {registry.endpoints.active}"


def _queries(registry: Registry) -> Iterator[str]:
    name = "db_client_operation_duration_seconds"
    yield from _family(name, "histogram", "Duration of database client operations.", "seconds")
    groups: dict[tuple[str, str], list[Totals]] = {}
    for shape, counts in registry.queries.shapes.values():
        groups.setdefault((shape.collection, shape.op), []).append(counts.series.totals())
    for (collection, op), totals in groups.items():
        labels = {"db_system_name": "mongodb", "db_collection_name": collection, "db_operation_name": op}
        yield from _histogram(name, labels, _summed(totals))


def _summed(totals: Iterable[Totals]) -> Totals:
    counts: dict[int, int] = {}
    whole = 0.0
    for one, sum_us in totals:
        whole += sum_us
        for index, number in one.items():
            counts[index] = counts.get(index, 0) + number
    return counts, whole


def _caches(registry: Registry) -> Iterator[str]:
    for kind in KINDS:
        yield from _family(f"perftui_cache_{kind}", "counter", f"Cache {kind}.")
        for cache, counts in registry.caches.items():
            yield f"perftui_cache_{kind}_total{{{_labels({'cache': cache})}}} {counts.counts.total[kind]}"


def _process(registry: Registry) -> Iterator[str]:
    yield from _family("process_cpu_seconds", "counter", "CPU time of the process.", "seconds")
    yield f"process_cpu_seconds_total {time.process_time()!r}"
    yield from _family("process_start_time_seconds", "gauge", "When the process started.", "seconds")
    yield f"process_start_time_seconds {registry.started_at!r}"
    resident = resident_bytes()
    if resident is not None:
        yield from _family("process_resident_memory_bytes", "gauge", "Resident memory.", "bytes")
        yield f"process_resident_memory_bytes {resident}"
