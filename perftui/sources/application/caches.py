"""Caches in Prometheus text: counters of hits and misses by any cache, cashews' and django-prometheus' own."""

import re
from collections.abc import Iterator, Sequence

from perftui.model.application import CacheStats
from perftui.sources.application.counting import Growth
from perftui.sources.application.text import Series
from perftui.sources.numbers import real, whole

_MOST = 100
_COUNTER = re.compile(
    r"^(?P<name>.*cache|redis_keyspace)_(?:get_)?(?P<kind>hits|misses|sets|deletes|evictions)(?:_total)?$"
)
_CASHEWS = "cashews_get_operation_total"
_CASHEWS_RESULTS = {"hit": "hits", "miss": "misses"}
_NAMES = ("cache", "name", "cache_name", "backend", "backend_class")

Placed = Sequence[tuple[int, Series]]
"""Series with their places: those that are no parts of histograms, so that few are looked at in every poll."""


def is_wanted(name: str) -> bool:
    return name == _CASHEWS or bool(_COUNTER.match(name))


def caches(series: Placed, growth: Growth) -> tuple[CacheStats, ...]:
    """By cache; one without gets has no hit rate."""
    by_name: dict[str, dict[str, list[int]]] = {}
    for place, name, kind in _counters(series):
        by_name.setdefault(name, {}).setdefault(kind, []).append(place)
    return tuple(_cache(name, places, growth) for name, places in list(by_name.items())[:_MOST])


def _counters(series: Placed) -> Iterator[tuple[int, str, str]]:
    for place, one in series:
        name, kind = _name_and_kind(one)
        if kind:
            labelled = next((one.labels[alias] for alias in _NAMES if one.labels.get(alias)), None)
            yield place, labelled or name, kind


def _name_and_kind(one: Series) -> tuple[str, str]:
    if one.name == _CASHEWS:
        return "cashews", _CASHEWS_RESULTS.get(one.labels.get("result", ""), "")
    match = _COUNTER.match(one.name)
    return (match["name"], match["kind"]) if match else ("", "")


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
    hit_step = sum(growth.step(place) for place in places.get("hits", []))
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
        hit_rate_now=real(hit_step / step) if both and step > 0 else None,
    )
