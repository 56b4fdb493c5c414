"""dogpile.cache: a proxy around a region's backend."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dogpile.cache.proxy import ProxyBackend

    from perftui.instrument.caches.monitor import CacheMonitor


def proxy(monitor: "CacheMonitor") -> "ProxyBackend":
    """For `region.configure(..., wrap=[...])` or `region.wrap(...)`. Needs dogpile.cache."""
    from perftui.instrument.caches.dogpile_backend import MeasuredBackend

    return MeasuredBackend(monitor)
