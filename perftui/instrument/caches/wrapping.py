"""Finds what a store is, and measures it the way that fits."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from perftui.instrument.caches.calls import Arguments, Keywords, Observe, measured_call

if TYPE_CHECKING:
    from perftui.instrument.caches.monitor import CacheMonitor

Thing = TypeVar("Thing")
_SPECIAL = (
    "__contains__", "__len__", "__iter__", "__bool__", "__enter__", "__exit__", "__aenter__", "__aexit__", "__aiter__",
    "__call__", "__eq__", "__hash__", "__repr__", "__str__", "__reversed__", "__or__",
)  # fmt: skip
_ITEMS = {"__getitem__": "get", "__setitem__": "set", "__delitem__": "delete"}


def wrapped(monitor: "CacheMonitor", store: Thing) -> Thing:
    """The store itself where its library has an adapter, else a proxy around it."""
    for one in type(store).__mro__:
        library, _, _ = one.__module__.partition(".")
        if library == "redis" and hasattr(one, "execute_command"):
            from perftui.instrument.caches.redis_adapter import measure_client

            return measure_client(monitor, store)
        if library == "cachetools" and hasattr(one, "currsize"):
            from perftui.instrument.caches.cachetools_adapter import measure_cache

            return measure_cache(monitor, store)
        if library == "cashews" and hasattr(one, "add_middleware"):
            cast("Any", store).add_middleware(monitor.cashews())
            return store
        if library == "dogpile" and hasattr(one, "get_or_create"):
            cast("Any", store).wrap(monitor.dogpile())
            return store
    plain: Any = type(store)
    return cast("Thing", _proxy_class(plain)(monitor, store))


class _Proxy:
    """Stands for a store: whatever is not measured is the store's own, its class too."""

    __slots__ = ("__weakref__", "_perftui_methods", "_perftui_monitor", "_perftui_store")

    def __init__(self, monitor: "CacheMonitor", store: Any) -> None:
        object.__setattr__(self, "_perftui_monitor", monitor)
        object.__setattr__(self, "_perftui_store", store)
        object.__setattr__(self, "_perftui_methods", {})

    def __getattribute__(self, name: str) -> Any:
        store = object.__getattribute__(self, "_perftui_store")
        found = getattr(store, name)
        make = _METHODS.get(name)
        if make is None or not callable(found):
            return found
        methods = object.__getattribute__(self, "_perftui_methods")
        known = methods.get(name)
        if known is None or known[0] != found:
            monitor = object.__getattribute__(self, "_perftui_monitor")
            measured = measured_call(monitor, found, make(monitor), lambda error: _failed(monitor, name, error))
            known = methods[name] = (found, measured)
        return known[1]

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(object.__getattribute__(self, "_perftui_store"), name, value)

    def __delattr__(self, name: str) -> None:
        delattr(object.__getattribute__(self, "_perftui_store"), name)

    def __dir__(self) -> list[str]:
        return dir(object.__getattribute__(self, "_perftui_store"))

    def __reduce_ex__(self, protocol: Any) -> Any:
        return object.__getattribute__(self, "_perftui_store").__reduce_ex__(protocol)


def _failed(monitor: "CacheMonitor", name: str, error: Exception) -> None:
    """That a key is not there is an answer, not an error."""
    if isinstance(error, KeyError) and name in ("get", "pop", "__getitem__"):
        monitor.miss(error.args[0] if error.args else None)
    elif not isinstance(error, KeyError):
        monitor.error()


@lru_cache(maxsize=256)
def _proxy_class(plain: Any) -> Any:
    special = {name: _forwarded(name) for name in (*_SPECIAL, *_ITEMS) if callable(getattr(plain, name, None))}
    return type("Measured" + plain.__name__, (_Proxy,), {"__slots__": (), **special})


def _forwarded(name: str) -> Any:
    if name == "__eq__":
        return lambda self, other: object.__getattribute__(self, "_perftui_store") == other

    def forward(self: Any, *arguments: Any) -> Any:
        return _Proxy.__getattribute__(self, name)(*arguments)

    return forward


def _observe_get(monitor: "CacheMonitor") -> Observe:
    def observe(arguments: Arguments, keywords: Keywords, result: Any, seconds: float) -> None:
        key = arguments[0] if arguments else keywords.get("key")
        default = keywords.get("default", arguments[1] if len(arguments) > 1 else None)
        if result is default:
            monitor.miss(key, seconds)
        else:
            monitor.hit(key, seconds)
            monitor.value(result)

    return observe


def _observe_item(monitor: "CacheMonitor") -> Observe:
    def observe(arguments: Arguments, _keywords: Keywords, result: Any, seconds: float) -> None:
        monitor.hit(arguments[0], seconds)
        monitor.value(result)

    return observe


def _observe_pop(monitor: "CacheMonitor") -> Observe:
    def observe(arguments: Arguments, keywords: Keywords, result: Any, seconds: float) -> None:
        default = keywords.get("default", arguments[1] if len(arguments) > 1 else None)
        if result is default:
            monitor.miss(arguments[0] if arguments else None, seconds)
        else:
            monitor.hit(arguments[0] if arguments else None, seconds)
            monitor.delete()

    return observe


def _observe_get_many(monitor: "CacheMonitor") -> Observe:
    """Some give a dict of what was found, some a list with `None` for what was not."""

    def observe(arguments: Arguments, keywords: Keywords, result: Any, seconds: float) -> None:
        keys = arguments[0] if arguments else next(iter(keywords.values()), ())
        if isinstance(keys, str | bytes):
            keys = arguments
        if isinstance(result, dict):
            for key in keys:
                (monitor.hit if key in result else monitor.miss)(key)
        elif isinstance(result, list | tuple):
            for key, value in zip(keys, result, strict=False):
                (monitor.miss if value is None else monitor.hit)(key)
        monitor.get_took(seconds)

    return observe


def _observe_set(monitor: "CacheMonitor") -> Observe:
    def observe(arguments: Arguments, keywords: Keywords, result: Any, seconds: float) -> None:
        if result is not False:
            monitor.set(seconds)
            monitor.value(arguments[1] if len(arguments) > 1 else keywords.get("value"))

    return observe


def _observe_set_many(monitor: "CacheMonitor") -> Observe:
    def observe(arguments: Arguments, keywords: Keywords, _result: Any, seconds: float) -> None:
        pairs = arguments[0] if arguments else next(iter(keywords.values()), ())
        monitor.set(seconds, len(pairs))

    return observe


def _observe_delete(monitor: "CacheMonitor") -> Observe:
    def observe(_arguments: Arguments, _keywords: Keywords, result: Any, _seconds: float) -> None:
        monitor.delete(1 if result is None else int(result))

    return observe


def _observe_delete_many(monitor: "CacheMonitor") -> Observe:
    def observe(arguments: Arguments, keywords: Keywords, result: Any, _seconds: float) -> None:
        keys = arguments[0] if arguments else next(iter(keywords.values()), ())
        monitor.delete(result if type(result) is int else len(arguments if isinstance(keys, str | bytes) else keys))

    return observe


_METHODS = {
    "get": _observe_get,
    "__getitem__": _observe_item,
    "pop": _observe_pop,
    **dict.fromkeys(("get_many", "multi_get", "get_multi", "mget"), _observe_get_many),
    **dict.fromkeys(("set", "add", "put"), _observe_set),
    "__setitem__": _observe_set,
    **dict.fromkeys(("set_many", "multi_set", "set_multi", "mset"), _observe_set_many),
    **dict.fromkeys(("delete", "remove"), _observe_delete),
    "__delitem__": _observe_delete,
    **dict.fromkeys(("delete_many", "delete_multi", "multi_delete"), _observe_delete_many),
}
