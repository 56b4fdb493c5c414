"""The caches of a registry: the only module of this room that makes tables in the store."""

import itertools
import os
import threading
from typing import TYPE_CHECKING, Any

from perftui.instrument.caches.keys import key_template, text_of
from perftui.instrument.caches.kinds import CACHE, CACHE_GET, CACHE_SET, CACHE_VALUE, MAX_CACHES, SIDE
from perftui.instrument.caches.recorder import Options, Recorder, Tables
from perftui.instrument.store.bounds import OVERFLOW
from perftui.instrument.store.table import BlockTable

if TYPE_CHECKING:
    from perftui.instrument.registry import Registry

_LOOK_FOR_CLEARS_EVERY = 5
_LONGEST_NAME = 100


class CacheTable:
    """The recorders of a registry's caches: monitors of one name share one. Beyond 100 all share `(other)`."""

    def __init__(self, registry: "Registry") -> None:
        self._registry, self._lock = registry, threading.RLock()
        self._recorders: dict[tuple[str, Options], Recorder] = {}
        self._ticks = itertools.count()
        self._tables = Tables(
            BlockTable(registry, CACHE, MAX_CACHES),
            (
                BlockTable(registry, CACHE_GET, MAX_CACHES),
                BlockTable(registry, CACHE_SET, MAX_CACHES),
                BlockTable(registry, CACHE_VALUE, MAX_CACHES),
            ),
        )
        registry.forget_after_fork(self)

    def forget(self) -> None:
        """The lock may have been held when the process was forked."""
        self._lock = threading.RLock()

    def recorder(self, name: object, options: Options) -> Recorder:
        """Never raises, whatever the name is."""
        text = text_of(name)[:_LONGEST_NAME]
        with self._lock:
            found = self._recorders.get((text, options))
            if found is None and len(self._recorders) >= MAX_CACHES:
                text, options = OVERFLOW, Options(key_template, show=False, keep=0)
                found = self._recorders.get((text, options))
            if found is None:
                # A finalizer may have asked for the same while this one was made.
                made = Recorder(self._registry, text, self._tables, options)
                found = self._recorders.setdefault((text, options), made)
            return found

    def published(self) -> list[dict[str, Any]]:
        """Once a second; also begins the keys anew after another worker cleared the caches."""
        recorders = list(self._recorders.values())
        if recorders and next(self._ticks) % _LOOK_FOR_CLEARS_EVERY == 0:
            cleared_at = self._registry.workers.cleared_at("cache")
            for recorder in recorders:
                if recorder.since < cleared_at:
                    recorder.clear_keys()
        return [recorder.published() for recorder in recorders]


def cache_table(registry: "Registry") -> CacheTable:
    """The registry's own."""
    with _TABLES_LOCK:
        found: CacheTable | None = vars(registry).get("cache_table")
        if found is None:
            found = vars(registry).setdefault("cache_table", CacheTable(registry))
            registry.publish(SIDE, found.published)
        return found


def _in_child() -> None:
    global _TABLES_LOCK
    _TABLES_LOCK = threading.RLock()


_TABLES_LOCK = threading.RLock()
"""As the tables' own one that a thread may take twice: a finalizer or a signal handler may ask for a cache too."""
os.register_at_fork(after_in_child=_in_child)
