"""Functions of the application that get, set or delete in a cache."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from perftui.instrument.caches.calls import Arguments, Fails, Keywords, Observe, Operation, measured_call

if TYPE_CHECKING:
    from perftui.instrument.caches.monitor import CacheMonitor

_OWNERS = ("self", "cls")


def measured_function(
    monitor: "CacheMonitor",
    inner: Callable[..., Any],
    operation: Operation,
    key: Callable[..., object] | None,
    found: Callable[[Any], bool] | None,
) -> Callable[..., Any]:
    """Raises `ValueError` for an unknown operation: that is a mistake in the program, seen when it starts."""
    if operation not in ("get", "set", "delete"):
        raise ValueError(f"operation must be get, set or delete, not {str(operation)[:40]!r}")
    key_of = key or _first_argument(inner)
    observe: Observe
    if operation == "get":
        observe = _observe_get(monitor, key_of, found or _is_something)
    elif operation == "set":
        observe = _observe_set(monitor)
    else:
        observe = _observe_delete(monitor)
    function: Callable[..., Any] = measured_call(monitor, inner, observe, _fails(monitor))
    return function


def _observe_get(monitor: "CacheMonitor", key_of: Callable[..., object], found: Callable[[Any], bool]) -> Observe:
    def observe(arguments: Arguments, keywords: Keywords, result: Any, seconds: float) -> None:
        key = key_of(*arguments, **keywords)
        if found(result):
            monitor.hit(key, seconds)
            monitor.value(result)
        else:
            monitor.miss(key, seconds)

    return observe


def _observe_set(monitor: "CacheMonitor") -> Observe:
    def observe(_arguments: Arguments, _keywords: Keywords, result: Any, seconds: float) -> None:
        if result is not False:
            monitor.set(seconds)

    return observe


def _observe_delete(monitor: "CacheMonitor") -> Observe:
    def observe(_arguments: Arguments, _keywords: Keywords, result: Any, _seconds: float) -> None:
        monitor.delete(1 if result is None else int(result))

    return observe


def _fails(monitor: "CacheMonitor") -> Fails:
    return lambda _error: monitor.error()


def _is_something(result: Any) -> bool:
    return result is not None


def _first_argument(inner: Callable[..., Any]) -> Callable[..., object]:
    """Gives the first argument of a call that is not the method's owner; `None` where there is none."""
    try:
        names = list(inspect.signature(inner).parameters)
    except (TypeError, ValueError):
        names = []
    at = 1 if names and names[0] in _OWNERS else 0
    name = names[at] if len(names) > at else None

    def first(*arguments: Any, **keywords: Any) -> object:
        return arguments[at] if len(arguments) > at else keywords.get(name) if name else None

    return first
