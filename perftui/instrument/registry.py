"""Where an application's metrics meet: endpoints, queries, caches, budgets."""

import os
import threading
import time
import weakref
from collections.abc import Iterable
from typing import Literal

from perftui.instrument.budgets import Budget
from perftui.instrument.caches import CacheCounts
from perftui.instrument.endpoints import EndpointTable
from perftui.instrument.queries import QueryTable

ClearType = Literal["api", "query", "cache", "all"]
CLEAR_TYPES: tuple[ClearType, ...] = ("api", "query", "cache", "all")
MAX_CACHES = 100


class Registry:
    """The metrics of one process. Bounded, safe to use from many threads."""

    def __init__(
        self,
        service: str | None = None,
        version: str | None = None,
        *,
        budgets: Iterable[Budget] = (),
        max_series: int = 2000,
        max_shapes: int = 500,
        slow_ms: float = 100.0,
        only_process: bool | None = None,
    ) -> None:
        """`only_process` says whether this process alone serves the application; `None` finds out where it can."""
        self.service, self.version = service, version
        self.budgets = tuple(budgets)
        self.lock = threading.Lock()
        self.started_at, self.started = time.time(), time.monotonic()
        self.endpoints = EndpointTable(max_series)
        self.queries = QueryTable(max_shapes, slow_ms / 1000)
        self.caches: dict[str, CacheCounts] = {}
        self.epochs: dict[str, float] = dict.fromkeys(("api", "query", "cache"), self.started)
        self._only_process = only_process
        _REGISTRIES.add(self)

    @property
    def complete(self) -> bool:
        """False where other workers serve the same application."""
        return _alone() if self._only_process is None else self._only_process

    def cache(self, name: str) -> CacheCounts:
        """The counts of a cache; beyond 100 caches all share one named `(other)`."""
        with self.lock:
            if name not in self.caches and len(self.caches) >= MAX_CACHES:
                name = "(other)"
            return self.caches.setdefault(name, CacheCounts())

    def clear(self, what: ClearType) -> None:
        """Begin the windows anew; counters of Prometheus go on."""
        now = time.monotonic()
        with self.lock:
            if what in ("api", "all"):
                self.endpoints.clear(now)
                self.epochs["api"] = now
            if what in ("query", "all"):
                self.queries.clear(now)
                self.epochs["query"] = now
            if what in ("cache", "all"):
                for cache in self.caches.values():
                    cache.clear(now)
                self.epochs["cache"] = now

    def begin_in_child(self) -> None:
        """After a fork: a lock of our own, and none of the parent's figures, which the parent serves."""
        self.lock = threading.Lock()
        self.started_at, self.started = time.time(), time.monotonic()
        self.endpoints = EndpointTable(self.endpoints.max_series)
        self.queries = QueryTable(self.queries.max_shapes, self.queries.slow_s)
        for cache in self.caches.values():
            cache.reset()
        self.epochs = dict.fromkeys(self.epochs, self.started)
        self._only_process = False if self._only_process is None else self._only_process


def default_registry() -> Registry:
    """The one that is used where none is passed."""
    global _default
    if _default is None:
        _default = Registry()
    return _default


def _alone() -> bool:
    import multiprocessing

    under_gunicorn = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")
    return multiprocessing.parent_process() is None and not under_gunicorn


def _after_fork() -> None:
    for registry in list(_REGISTRIES):
        registry.begin_in_child()


_default: Registry | None = None
_REGISTRIES: "weakref.WeakSet[Registry]" = weakref.WeakSet()
os.register_at_fork(after_in_child=_after_fork)
