"""Counts what it is told of one cache. Nothing here raises."""

from collections.abc import Callable
from itertools import count
from typing import Any

from perftui.instrument.caches.keys import LONGEST_KEY, key_template
from perftui.instrument.caches.kinds import COUNTERS, DELETES, ERRORS, EVICTIONS, EXPIRATIONS, REASONS, SETS
from perftui.instrument.caches.recorder import Held, Options
from perftui.instrument.caches.table import cache_table
from perftui.instrument.caches.top_keys import BATCH
from perftui.instrument.registry import Registry, default_registry

KEPT_KEYS = 1000
_SAMPLED = 15
"""One in 16."""


class CacheCounter:
    """What an application tells of its cache, or an adapter."""

    def __init__(
        self,
        name: str,
        registry: Registry | None = None,
        *,
        template: Callable[[str], str] = key_template,
        show_keys: bool = False,
        keep_keys: bool | int = False,
        size_of: Callable[[Any], int | None] | None = None,
    ) -> None:
        """`keep_keys`: True for 1,000 keys, or how many. `size_of`: the bytes of a value; by default those of `bytes`
        and `str`, others are not measured."""
        self.name = name
        self.registry = registry or default_registry()
        kept = KEPT_KEYS if keep_keys is True else max(int(keep_keys), 0)
        self._recorder = cache_table(self.registry).recorder(name, Options(template, show_keys, kept))
        self._size_of = size_of or size_in_bytes
        self._ticks = count()

    def hit(self, key: object = None, seconds: float | None = None) -> None:
        """A value was found; `seconds` is how long the get took."""
        try:
            recorder = self._recorder
            recorder.hits(1)
            if key is not None:
                pending = recorder.pending
                pending.append(key if type(key) is str and len(key) <= LONGEST_KEY else recorder.bounded(key))
                if len(pending) >= BATCH:
                    recorder.asked.settle()
            if seconds is not None:
                recorder.time_get(seconds)
        except Exception as error:  # counting must never fail the application
            self.fault(error)

    def miss(self, key: object = None, seconds: float | None = None) -> None:
        """No value was found."""
        try:
            recorder = self._recorder
            recorder.misses(1)
            if key is not None:
                held = key if type(key) is str and len(key) <= LONGEST_KEY else recorder.bounded(key)
                for log in (recorder.asked, recorder.missed):
                    log.pending.append(held)
                    if len(log.pending) >= BATCH:
                        log.settle()
            if seconds is not None:
                recorder.time_get(seconds)
        except Exception as error:
            self.fault(error)

    def get_took(self, seconds: float) -> None:
        """The time of a get of several keys, which are counted one by one."""
        self._guarded(self._recorder.time_get, seconds)

    def set(self, seconds: float | None = None, number: int = 1) -> None:
        """Values were stored."""
        self._guarded(self._recorder.count, SETS, number)
        if seconds is not None:
            self._guarded(self._recorder.time_set, seconds)

    def delete(self, number: int = 1) -> None:
        """Keys were removed by the application."""
        self._guarded(self._recorder.count, DELETES, number)

    def evict(self, number: int = 1, reason: str | None = None) -> None:
        """Keys were thrown out to make room; `reason`: `capacity`, `memory`, `invalidated`, or unknown."""
        self._guarded(self._recorder.count, EVICTIONS, number)
        if reason in REASONS:
            self._guarded(self._recorder.count, len(COUNTERS) + REASONS.index(reason), number)

    def expire(self, number: int = 1) -> None:
        """Keys were removed because their time was over."""
        self._guarded(self._recorder.count, EXPIRATIONS, number)

    def error(self, number: int = 1) -> None:
        """The cache failed: it raised."""
        self._guarded(self._recorder.count, ERRORS, number)

    def value(self, value: object) -> None:
        """A value that was read or stored; the size of one in 16 is measured."""
        if next(self._ticks) & _SAMPLED == 0:
            self._guarded(self._measure, value)

    def hold(
        self,
        keys: int | None = None,
        used_bytes: int | None = None,
        *,
        capacity: int | None = None,
        shared: bool = False,
    ) -> None:
        """Tell how many keys and bytes the cache holds now, and how many keys it can hold. `shared`: it is one cache
        for all workers, so that what they tell is not added up."""
        self._recorder.held = Held(keys, used_bytes, capacity, shared)

    def watch(self, held: Callable[[], Held | None]) -> None:
        """Have `held` asked once a second for what `hold` tells, on a thread of ours, until it gives `None`. What
        several tell is added up."""
        self._recorder.watch(held)

    def fault(self, error: Exception) -> None:
        """Count an error of ours; it goes no further."""
        self.registry.faults[f"cache {type(error).__name__}"] += 1

    def _measure(self, value: object) -> None:
        size = self._size_of(value)
        if size is not None:
            self._recorder.size(size)

    def _guarded(self, function: Callable[..., None], *arguments: Any) -> None:
        try:
            function(*arguments)
        except Exception as error:
            self.fault(error)


def size_in_bytes(value: object) -> int | None:
    """Of what is bytes or text; `None` for anything else, which would have to be serialized to know."""
    if isinstance(value, bytes | bytearray | memoryview):
        return len(value)
    if isinstance(value, str):
        return len(value) if value.isascii() else len(value.encode("utf-8", "replace"))
    return None
