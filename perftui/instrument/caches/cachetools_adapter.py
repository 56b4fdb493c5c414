"""cachetools: a cache that counts itself, evictions and expiry included."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from perftui.instrument.caches.cachetools_methods import (
    MARK,
    PLAIN,
    Counting,
    MeasuredMethods,
    held_length,
    measured_get_item,
)
from perftui.instrument.caches.recorder import Held, watch_weakly

if TYPE_CHECKING:
    from perftui.instrument.caches.monitor import CacheMonitor

Thing = TypeVar("Thing")


def measure_cache(monitor: "CacheMonitor", cache: Thing) -> Thing:
    """The same cache, which counts from now on. It stays an instance of its class, and equal, copied and pickled as
    before. For several threads it needs the lock that it needs anyway."""
    if MARK in vars(cache):
        return cache
    vars(cache)[MARK] = Counting(monitor)
    plain: Any = type(cache)
    cache.__class__ = _measured_class(plain)
    monitor.watch(watch_weakly(cache, _held))
    return cache


def _held(cache: Any) -> Held:
    return Held(held_length(cache), None, int(cache.maxsize) if cache.maxsize < 2**62 else None, shared=False)


@lru_cache(maxsize=256)
def _measured_class(plain: Any) -> Any:
    """A class of the same layout, which a cache can change to: a mixin would have another."""
    methods: dict[str, Any] = {
        **{name: method for name, method in vars(MeasuredMethods).items() if callable(method)},
        MARK: None,
        PLAIN: plain,
        "__getitem__": measured_get_item(plain),
        "__module__": plain.__module__,
        "__qualname__": plain.__qualname__,
        "__doc__": plain.__doc__,
    }
    if not hasattr(plain, "expire"):
        del methods["expire"]
    return type(plain.__name__, (plain,), methods)
