"""The methods of a counting cachetools cache: each does what the plain class does, and counts it."""

from collections.abc import Callable
from threading import get_ident
from time import monotonic
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perftui.instrument.caches.monitor import CacheMonitor

MARK = "_perftui_counting"
PLAIN = "_perftui_plain"
_TIMED = 31
"""One get in 32 is timed: reading the clock costs more than the get."""


class Counting:
    """What goes on inside a cache: its own steps are no gets and deletes of the application."""

    __slots__ = ("hit", "inside", "missed", "monitor", "stores", "tick")

    def __init__(self, monitor: "CacheMonitor") -> None:
        self.monitor, self.hit = monitor, monitor.hit
        self.tick, self.inside = 0, 0
        """`inside`: the thread that pops or clears, or 0."""
        self.missed = self.stores = False
        """`stores`: a value is being stored; what is popped meanwhile makes room."""

    def started(self) -> float:
        """Now, where this call is one of those timed; else 0."""
        self.tick += 1
        return 0.0 if self.tick & _TIMED else monotonic()


def measured_get_item(plain: Any) -> Callable[[Any, Any], Any]:
    """`plain.__getitem__`, counted: on the way of every hit, so nothing is called that need not be."""
    plain_get_item = plain.__getitem__

    def get_item(self: Any, key: Any) -> Any:
        counting = self._perftui_counting
        if counting is None or (counting.inside and counting.inside == get_ident()):
            return plain_get_item(self, key)
        counting.tick += 1
        started = 0.0 if counting.tick & _TIMED else monotonic()
        counting.missed = False
        try:
            value = plain_get_item(self, key)
        except KeyError:
            counting.monitor.miss(key)
            raise
        if counting.missed:
            counting.monitor.miss(key)
        elif started:
            counting.hit(key, monotonic() - started)
            counting.monitor.value(value)
        else:
            counting.hit(key)
        return value

    return get_item


def held_length(cache: Any) -> int:
    """By the base class: a cache with expiry would remove items in it, on whatever thread asks."""
    from cachetools import Cache

    return Cache.__len__(cache)


def _counting(cache: Any) -> Counting | None:
    """The counts of a cache, unless it is in the midst of a step of its own; a copy of a measured cache has none."""
    counting: Counting | None = cache._perftui_counting
    return None if counting is None or counting.inside == get_ident() else counting


class MeasuredMethods:
    """Taken over into a class made for each plain one, which is `_perftui_plain` there."""

    _perftui_plain: Any
    _perftui_counting: Counting | None

    def __missing__(self, key: Any) -> Any:
        value = self._perftui_plain.__missing__(self, key)
        if (counting := _counting(self)) is not None:
            counting.missed = True
        return value

    def get(self: Any, key: Any, *default: Any, **named: Any) -> Any:
        counting = _counting(self)
        if counting is not None and key not in self:
            counting.monitor.miss(key)
        return self._perftui_plain.get(self, key, *default, **named)

    def __setitem__(self, key: Any, value: Any, *rest: Any, **named: Any) -> None:
        counting = _counting(self)
        if counting is None:
            self._perftui_plain.__setitem__(self, key, value, *rest, **named)
            return
        started, counting.stores = counting.started(), True
        try:
            self._perftui_plain.__setitem__(self, key, value, *rest, **named)
        finally:
            counting.stores = False
        counting.monitor.set(monotonic() - started if started else None)
        counting.monitor.value(value)

    def __delitem__(self, key: Any, *rest: Any, **named: Any) -> None:
        self._perftui_plain.__delitem__(self, key, *rest, **named)
        if (counting := _counting(self)) is not None:
            counting.monitor.delete()

    def popitem(self) -> Any:
        counting = _counting(self)
        if counting is None:
            return self._perftui_plain.popitem(self)
        counting.inside = get_ident()
        try:
            item = self._perftui_plain.popitem(self)
        finally:
            counting.inside = 0
        if counting.stores:
            counting.monitor.evict(1, "capacity")
        else:
            counting.monitor.delete()
        return item

    def expire(self, *time: Any, **named: Any) -> Any:
        expired = self._perftui_plain.expire(self, *time, **named)
        counting = self._perftui_counting
        if counting is not None and isinstance(expired, list):
            counting.monitor.expire(len(expired))
        return expired

    def clear(self) -> None:
        counting = _counting(self)
        if counting is None:
            self._perftui_plain.clear(self)
            return
        number = held_length(self)
        counting.inside = get_ident()
        try:
            self._perftui_plain.clear(self)
        finally:
            counting.inside = 0
        counting.monitor.delete(number)

    def __reduce_ex__(self, _protocol: Any) -> Any:
        # The form of protocol 1 names the class in its arguments, where the later ones hold it against the object's.
        return _as_plain(self._perftui_plain.__reduce_ex__(self, 1), type(self), self._perftui_plain)


def _as_plain(reduced: Any, measured: Any, plain: Any) -> Any:
    """The pickle of the plain cache: whoever reads it may not have this library."""
    if not isinstance(reduced, tuple) or len(reduced) < 2:
        return reduced
    arguments = tuple(plain if one is measured else one for one in reduced[1])
    state = reduced[2] if len(reduced) > 2 else None
    if isinstance(state, dict):
        state = {name: value for name, value in state.items() if name != MARK}
    return (reduced[0], arguments, state, *reduced[3:])
