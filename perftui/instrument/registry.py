"""Where an application's metrics meet: endpoints, queries, caches, budgets."""

import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from perftui.instrument.budgets import Budget, load_budgets
from perftui.instrument.budgets.watch import BudgetWatch
from perftui.instrument.document.process import ProcessSampler
from perftui.instrument.endpoints.counting import EndpointCounts
from perftui.instrument.queries.counting import QueryCounts
from perftui.instrument.store.cleared import SECTIONS
from perftui.instrument.store.store import Store

ClearType = Literal["api", "query", "cache", "all"]
CLEAR_TYPES: tuple[ClearType, ...] = ("api", "query", "cache", "all")
FOLDER_VARIABLE = "PERFTUI_METRICS_DIR"


class Registry(Store):
    """The metrics of an application. Bounded, safe to use from many threads, and with `shared` over many processes.

    >>> from perftui import Budget, Registry
    >>> registry = Registry("shop", "1.0", budgets=[Budget("GET /items/*", "p(95)<500ms")])
    >>> registry.clear("all")
    """

    def __init__(
        self,
        service: str | None = None,
        version: str | None = None,
        instance: str | None = None,
        *,
        budgets: Iterable[Budget] | str | os.PathLike[str] = (),
        max_series: int = 2000,
        max_shapes: int = 500,
        slow_ms: float = 100.0,
        only_process: bool | None = None,
        shared: str | os.PathLike[str] | None = None,
    ) -> None:
        """`service`, `version` and `instance` (such as the host's name) stand in the document. `budgets` may be the
        path of a TOML file of them.

        `shared` is a folder that all workers of the application have in common (a local disk or `/dev/shm`), so that
        each serves the figures of all; without it, the variable `PERFTUI_METRICS_DIR` names one that several services
        may share. `only_process` says whether this process alone serves the application, where no folder is shared;
        `None` finds out where it can.
        """
        super().__init__(shared or _folder_of(service))
        self.service, self.version, self.instance = service, version, instance
        self.budgets = load_budgets(budgets) if isinstance(budgets, str | os.PathLike) else tuple(budgets)
        BudgetWatch(self)
        self.started_at, self.started = time.time(), time.monotonic()
        self.endpoints = EndpointCounts(self, max_series)
        self.queries = QueryCounts(self, max_shapes, slow_ms / 1000)
        self._only_process = only_process
        self.process = ProcessSampler(self)
        self.every(1.0, self.process.sample)

    def alone(self) -> bool:
        return self.complete

    @property
    def complete(self) -> bool:
        """False where other workers serve the same application."""
        return _alone() if self._only_process is None else self._only_process

    def clear(self, what: ClearType) -> None:
        """Begin the windows anew; counters of Prometheus go on."""
        self.clear_sections(SECTIONS if what == "all" else (what,))
        if what in ("query", "all"):
            self.queries.clear()

    def begin_in_child(self) -> None:
        """After a fork: none of the parent's figures, which the parent serves."""
        super().begin_in_child()
        self.started_at, self.started = time.time(), time.monotonic()
        self._only_process = False if self._only_process is None else self._only_process


def default_registry() -> Registry:
    """The one that is used where none is passed.

    >>> from perftui import CacheMonitor, default_registry
    >>> CacheMonitor("pages").registry is default_registry()
    True
    """
    global _default
    if _default is None:
        _default = Registry()
    return _default


def _alone() -> bool:
    import multiprocessing

    under_gunicorn = os.environ.get("SERVER_SOFTWARE", "").startswith("gunicorn")
    return multiprocessing.parent_process() is None and not under_gunicorn


def _folder_of(service: str | None) -> Path | None:
    """Below the folder that the environment names, one for each service."""
    folder = os.environ.get(FOLDER_VARIABLE)
    name = re.sub(r"[^A-Za-z0-9._-]", "_", service or "application").lstrip(".")[:80]
    return Path(folder, name or "_") if folder else None


_default: Registry | None = None
