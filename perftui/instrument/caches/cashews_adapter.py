"""cashews: a middleware that counts what its cache is asked for."""

from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from perftui.instrument.caches.recorder import Held, watch_weakly

if TYPE_CHECKING:
    from perftui.instrument.caches.monitor import CacheMonitor

Middleware = Callable[..., Awaitable[Any]]
_MEASURED = frozenset({"get", "get_many", "set", "set_many", "delete", "delete_many"})


def middleware(monitor: "CacheMonitor") -> Middleware:
    """Pass it to `cache.setup` or `cache.add_middleware`. The memory backend's evictions and keys are seen too."""
    watch = _Watch(monitor)

    async def measure(
        call: Callable[..., Awaitable[Any]], command: Any, backend: Any, *given: Any, **named: Any
    ) -> Any:
        name = command.value
        if name not in _MEASURED:
            return await call(*given, **named)
        full = watch.is_full(backend, name, given, named)
        started = monotonic()
        try:
            result = await call(*given, **named)
        except Exception:
            monitor.error()
            raise
        try:
            _observe(monitor, name, (given, named), result, monotonic() - started)
            if full:
                monitor.evict(1, "capacity")
        except Exception as error:
            monitor.fault(error)
        return result

    return measure


def _observe(monitor: "CacheMonitor", name: str, call: tuple[Any, Any], result: Any, seconds: float) -> None:
    given, named = call
    if name == "get":
        _observe_get(monitor, named.get("key", given[0] if given else None), result, named.get("default"), seconds)
    elif name == "get_many":
        for key, value in zip(given, result, strict=False):
            _observe_get(monitor, key, value, named.get("default"), None)
        monitor.get_took(seconds)
    elif name == "set":
        monitor.set(seconds, 1 if result is not False else 0)
        monitor.value(named.get("value", given[1] if len(given) > 1 else None))
    elif name == "set_many":
        monitor.set(seconds, len(named.get("pairs", given[0] if given else ())))
    elif name == "delete":
        monitor.delete(1 if result else 0)
    else:
        monitor.delete(len(given))


def _observe_get(monitor: "CacheMonitor", key: Any, value: Any, default: Any, seconds: float | None) -> None:
    if value is default:
        monitor.miss(key, seconds)
    else:
        monitor.hit(key, seconds)
        monitor.value(value)


class _Watch:
    """A backend that keeps its values in this process: how many there are, and whether the next throws one out."""

    def __init__(self, monitor: "CacheMonitor") -> None:
        self._monitor, self._watched = monitor, False

    def is_full(self, backend: Any, name: str, given: Any, named: Any) -> bool:
        try:
            store, size = getattr(backend, "store", None), getattr(backend, "size", None)
            if store is None or not isinstance(size, int):
                return False
            if not self._watched:
                self._watched = True
                self._monitor.watch(watch_weakly(backend, _held))
            key = named.get("key", given[0] if given else None)
            return name == "set" and len(store) >= size and key not in store
        except Exception as error:
            self._monitor.fault(error)
            return False


def _held(backend: Any) -> Held:
    return Held(len(backend.store), None, backend.size, shared=False)
