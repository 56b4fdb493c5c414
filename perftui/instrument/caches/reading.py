"""The caches' part of the metrics document, merged over all workers."""

from collections.abc import Mapping
from typing import Any

import msgspec

from perftui.instrument.caches.efficiency import efficiency_document
from perftui.instrument.caches.kinds import (
    CACHE,
    CACHE_GET,
    CACHE_SET,
    CACHE_VALUE,
    COUNTERS,
    REASONS,
    SIDE,
)
from perftui.instrument.caches.recorder import Held, added_up
from perftui.instrument.store.reading import Reading
from perftui.instrument.store.tally import Tally
from perftui.model.metrics import CacheDocument, KeyDocument, ValueSizesDocument


class _Uses(msgspec.Struct, frozen=True):
    uses: list[tuple[str, int, int]] = []
    rest: int = 0


class _Log(msgspec.Struct, frozen=True):
    templates: _Uses = _Uses()
    keys: _Uses | None = None


class _Published(msgspec.Struct):
    """What one worker tells of one cache."""

    name: str
    since: float
    asked: _Log
    missed: _Log
    held: Held | None = None
    at: float = 0.0


def cache_documents(
    reading: Reading, since_minute: int, top: int = 50, *, show_keys: bool = False
) -> dict[str, CacheDocument]:
    """By the caches' names. `show_keys`: raw keys of those caches that keep them for showing; else their templates."""
    published = _published(reading)
    timed = {kind.name: _windows(reading, kind.name, since_minute) for kind in (CACHE_GET, CACHE_SET, CACHE_VALUE)}
    counts = _windows(reading, CACHE.name, since_minute)
    totals = {series.labels[0]: series.total for series in reading.series(CACHE.name)}
    return {
        name: _document(
            counts.get(name, Tally()),
            totals.get(name, Tally()),
            {kind: windows.get(name, Tally()) for kind, windows in timed.items()},
            published.get(name, []),
            top,
            show_keys=show_keys,
        )
        for name in sorted({*counts, *published})
    }


def _windows(reading: Reading, kind: str, since_minute: int) -> dict[str, Tally]:
    return {series.labels[0]: series.window(since_minute) for series in reading.series(kind)}


def _document(
    counts: Tally, total: Tally, timed: Mapping[str, Tally], published: list[_Published], top: int, *, show_keys: bool
) -> CacheDocument:
    numbers = {name: counts.counter(name) for name in COUNTERS}
    gets, get = numbers["hits"] + numbers["misses"], timed[CACHE_GET.name]
    average_s = get.average_s()
    held = _held(published)
    return CacheDocument(
        hits=numbers["hits"],
        misses=numbers["misses"],
        sets=numbers["sets"],
        deletes=numbers["deletes"],
        evictions=numbers["evictions"],
        expirations=numbers["expirations"],
        errors=numbers["errors"],
        keys=held.keys,
        bytes=held.bytes,
        capacity=held.capacity,
        hit_rate=numbers["hits"] / gets if gets else None,
        get=get.document(),
        set=timed[CACHE_SET.name].document(),
        efficiency=efficiency_document(
            numbers["hits"], numbers["misses"], None if average_s is None else average_s * 1000
        ),
        top_keys=_top([one.asked for one in published], top, show_keys=show_keys),
        missed_keys=_top([one.missed for one in published], top, show_keys=show_keys),
        evictions_by_reason={reason: number for reason in REASONS if (number := counts.counter(f"evictions_{reason}"))},
        value_bytes=_sizes(timed[CACHE_VALUE.name]),
        hits_total=total.counter("hits"),
        misses_total=total.counter("misses"),
    )


def _sizes(sizes: Tally) -> ValueSizesDocument:
    """A byte stands where a microsecond stands in durations."""
    if not sizes.count:
        return ValueSizesDocument()
    half, most = sizes.quantile_s(0.5), sizes.quantile_s(0.95)
    return ValueSizesDocument(
        count=sizes.count,
        sum=sizes.sum_us,
        min=sizes.min_us,
        max=sizes.max_us,
        p50=None if half is None else half * 1e6,
        p95=None if most is None else most * 1e6,
    )


def _published(reading: Reading) -> dict[str, list[_Published]]:
    """By name; keys from before the last clear are left out. What cannot be read is left out too."""
    cleared_at = reading.cleared.at("cache")
    found: dict[str, list[_Published]] = {}
    for _, value in reading.side(SIDE):
        try:
            caches = msgspec.convert(value, list[_Published])
        except msgspec.ValidationError:
            continue
        for cache in caches:
            if cache.since < cleared_at:
                cache.asked, cache.missed = _Log(), _Log()
            found.setdefault(cache.name, []).append(cache)
    return found


def _held(published: list[_Published]) -> Held:
    """The workers' own caches added up, and the latest word on a cache that they share."""
    told = [(one.at, one.held) for one in published if one.held is not None]
    shared = max((pair for pair in told if pair[1].shared), key=lambda pair: pair[0], default=None)
    return shared[1] if shared is not None else added_up(held for _, held in told)


def _top(logs: list[_Log], top: int, *, show_keys: bool) -> tuple[KeyDocument, ...]:
    if show_keys and any(log.keys is not None for log in logs):
        return _merged([log.keys or log.templates for log in logs], top)
    return _merged([log.templates for log in logs], top)


def _merged(lists: list[_Uses], top: int) -> tuple[KeyDocument, ...]:
    """A worker that does not list a key may have used it as often as its `rest`: that much the sum may be off."""
    rest = sum(uses.rest for uses in lists)
    found: dict[str, list[int]] = {}
    for uses in lists:
        for key, count, error in uses.uses:
            one = found.setdefault(key, [rest, rest])
            one[0] += count - uses.rest
            one[1] += error - uses.rest
    ranked: list[tuple[str, list[Any]]] = sorted(found.items(), key=lambda item: -item[1][0])
    return tuple(KeyDocument(key=key, count=count, error=max(error, 0)) for key, (count, error) in ranked[:top])
