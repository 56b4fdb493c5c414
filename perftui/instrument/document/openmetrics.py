"""A registry's totals for Prometheus, under OpenTelemetry's stable names; a clear leaves its counters."""

from collections.abc import Collection, Iterator

from perftui.instrument.document.build import build_document
from perftui.instrument.document.exposition import Family, classic_text, openmetrics_text
from perftui.instrument.document.families import (
    api_families,
    cache_families,
    process_families,
    service_family,
    started_at,
)
from perftui.instrument.document.query_families import query_families
from perftui.instrument.document.standings import budget_families
from perftui.instrument.registry import Registry, default_registry
from perftui.instrument.store.reading import Reading
from perftui.model.metrics import SECTIONS

_ALL = 10_000


def openmetrics(registry: Registry | None = None, sections: Collection[str] = SECTIONS) -> bytes:
    """OpenMetrics 1.0 text, `# EOF` included. `sections`: of `api`, `query`, `cache`, `system`.

    >>> from perftui import CacheMonitor, Registry, openmetrics
    >>> registry = Registry("shop")
    >>> CacheMonitor("pages", registry).hit()
    >>> b'perftui_cache_hits_total{cache="pages"} 1' in openmetrics(registry)
    True
    """
    registry = registry or default_registry()
    reading = _read(registry)
    return openmetrics_text(_families(registry, reading, sections), started_at(reading))


def prometheus_text(registry: Registry | None = None, sections: Collection[str] = SECTIONS) -> bytes:
    """The same in Prometheus' classic text format, version 0.0.4, for scrapers that do not know OpenMetrics.

    >>> from perftui import Registry, prometheus_text
    >>> b"# TYPE process_cpu_seconds_total counter" in prometheus_text(Registry("shop"))
    True
    """
    registry = registry or default_registry()
    return classic_text(_families(registry, _read(registry), sections))


def _read(registry: Registry) -> Reading:
    registry.process.sample()
    return registry.read()


def _families(registry: Registry, reading: Reading, sections: Collection[str]) -> Iterator[Family]:
    yield service_family(registry)
    if "system" in sections:
        yield from process_families(registry, reading)
    if "api" in sections:
        yield from api_families(reading)
    if "query" in sections:
        yield from query_families(reading)
    if "cache" in sections:
        yield from cache_families(reading)
    if registry.budgets:
        yield from budget_families(build_document(registry, sections=set(sections) - {"system"}, top=_ALL))
