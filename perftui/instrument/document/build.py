"""A registry's figures over a window as the metrics document."""

from collections.abc import Collection

from perftui.instrument.budgets.reading import BudgetReading
from perftui.instrument.caches.reading import cache_documents
from perftui.instrument.document.process import system_document
from perftui.instrument.endpoints.reading import api_document
from perftui.instrument.queries.reading import query_document
from perftui.instrument.registry import Registry, default_registry
from perftui.model.metrics import (
    SECTIONS,
    MetricsDocument,
    ServiceDocument,
    WorkerDocument,
)


def build_document(
    registry: Registry | None = None,
    *,
    sections: Collection[str] = SECTIONS,
    minutes: int = 5,
    top: int = 50,
    show_keys: bool = False,
) -> MetricsDocument:
    """Everything that all workers counted in the last `minutes` (1 to 60) and the running one.

    `sections`: of `api`, `query`, `cache` and `system`; the others are `None`. `top` bounds each list. With `show_keys`
    the keys of caches whose monitor allows it are given as they are, else their templates.

    >>> from perftui import CacheMonitor, Registry, build_document
    >>> registry = Registry("shop", "1.0")
    >>> CacheMonitor("pages", registry).hit()
    >>> document = build_document(registry, sections=("cache",), minutes=15)
    >>> document.service.name, document.cache["pages"].hits
    ('shop', 1)
    """
    registry = registry or default_registry()
    registry.process.sample()
    reading = registry.read()
    since_minute = reading.since_minute(minutes)
    first = next((name for name in ("api", "query", "cache") if name in sections), None)
    document = MetricsDocument(
        generated_at=reading.wall,
        window_s=None if first is None else reading.covered_s(first, since_minute),
        complete=reading.complete,
        service=ServiceDocument(name=registry.service, version=registry.version, instance=registry.instance),
        workers=tuple(
            WorkerDocument(pid=worker.pid, started_at=worker.started_at, last_seen=worker.last_seen)
            for worker in reading.workers
        ),
        api=api_document(reading, since_minute, top=top) if "api" in sections else None,
        query=query_document(reading, since_minute, top=top) if "query" in sections else None,
        cache=cache_documents(reading, since_minute, top, show_keys=show_keys) if "cache" in sections else None,
        system=system_document(reading) if "system" in sections else None,
    )
    return BudgetReading(registry, reading).filled(document) if registry.budgets else document
