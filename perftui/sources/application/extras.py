"""What else stands in Prometheus text: process, service, caches."""

import time
from collections.abc import Iterator, Sequence

from perftui.model.application import ApplicationProcess, CacheStats
from perftui.sources.application.counting import Growth
from perftui.sources.application.families import CACHE
from perftui.sources.application.text import Series
from perftui.sources.numbers import real, whole

_MOST_CACHES = 100
_CACHE_NAMES = ("cache", "name", "cache_name")


Placed = Sequence[tuple[int, Series]]
"""Series with their places: those that are no parts of histograms, so that few are looked at in every poll."""


def service(series: Placed) -> tuple[str | None, str | None]:
    """Name and version as OpenTelemetry tells them."""
    for _, one in series:
        if one.name == "target_info":
            return one.labels.get("service_name"), one.labels.get("service_version")
    return None, None


def process(series: Placed, values: Sequence[float | None], growth: Growth) -> ApplicationProcess:
    found: dict[str, tuple[int, float]] = {}
    for place, one in series:
        value = real(values[place])
        if value is not None and one.name.startswith("process_"):
            found.setdefault(one.name, (place, value))
    started = found.get("process_start_time_seconds")
    uptime = found.get("process_uptime_seconds")
    resident = found.get("process_resident_memory_bytes")
    cpu, usage = found.get("process_cpu_seconds_total"), found.get("process_cpu_usage")
    share = usage[1] if usage else None
    if cpu and growth.elapsed_s:
        share = growth.step(cpu[0]) / growth.elapsed_s
    return ApplicationProcess(
        resident_bytes=whole(resident[1]) if resident else None,
        cpu_share=share,
        uptime_s=uptime[1] if uptime else max(time.time() - started[1], 0.0) if started else None,
    )


def caches(series: Placed, growth: Growth) -> tuple[CacheStats, ...]:
    """Counters of hits and misses by cache; each without gets has no hit rate."""
    by_name: dict[str, dict[str, list[int]]] = {}
    for place, name, kind in _counters(series):
        by_name.setdefault(name, {}).setdefault(kind, []).append(place)
    return tuple(_cache(name, places, growth) for name, places in list(by_name.items())[:_MOST_CACHES])


def _counters(series: Placed) -> Iterator[tuple[int, str, str]]:
    for place, one in series:
        match = CACHE.match(one.name)
        if match:
            labelled = next((one.labels[alias] for alias in _CACHE_NAMES if one.labels.get(alias)), None)
            yield place, labelled or match["name"], match["kind"]


def _cache(name: str, places: dict[str, list[int]], growth: Growth) -> CacheStats:
    def total(kind: str) -> int | None:
        return whole(round(sum(growth.total(place) for place in places[kind]))) if kind in places else None

    reads = places.get("hits", []) + places.get("misses", [])
    hits = sum(growth.in_window(place) for place in places.get("hits", []))
    gets = sum(growth.in_window(place) for place in reads)
    if gets <= 0:
        hits = sum(growth.total(place) for place in places.get("hits", []))
        gets = sum(growth.total(place) for place in reads)
    step = sum(growth.step(place) for place in reads)
    both = "hits" in places and "misses" in places
    return CacheStats(
        name=name,
        hits=total("hits"),
        misses=total("misses"),
        hit_rate=real(hits / gets) if both and gets > 0 else None,
        gets_per_s=step / growth.elapsed_s if both and growth.elapsed_s else None,
        sets=total("sets"),
        deletes=total("deletes"),
        evictions=total("evictions"),
    )
