"""The backend that counts: imports dogpile.cache, so it is imported when one is asked for."""

import threading
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from dogpile.cache.api import NO_VALUE
from dogpile.cache.proxy import ProxyBackend

if TYPE_CHECKING:
    from perftui.instrument.caches.monitor import CacheMonitor


class _Creation(threading.local):
    """The key whose value this thread is about to create: `get_or_create` looks again under its lock."""

    key: Any = None
    missed = False


class MeasuredBackend(ProxyBackend):
    """Counts, and hands everything on."""

    def __init__(self, monitor: "CacheMonitor") -> None:
        self._monitor, self._creation = monitor, _Creation()

    def get(self, key: Any) -> Any:
        return self._get(self.proxied.get, key)

    def get_serialized(self, key: Any) -> Any:
        return self._get(self.proxied.get_serialized, key)

    def get_multi(self, keys: Any) -> Any:
        return self._get_multi(self.proxied.get_multi, keys)

    def get_serialized_multi(self, keys: Any) -> Any:
        return self._get_multi(self.proxied.get_serialized_multi, keys)

    def set(self, key: Any, value: Any) -> None:
        self._creation.key = None
        self._changed(lambda seconds: self._monitor.set(seconds), self.proxied.set, key, value)

    def set_serialized(self, key: Any, value: bytes) -> None:
        self._creation.key = None
        self._changed(lambda seconds: self._monitor.set(seconds), self.proxied.set_serialized, key, value)
        self._monitor.value(value)

    def set_multi(self, mapping: Any) -> None:
        self._changed(lambda seconds: self._monitor.set(seconds, len(mapping)), self.proxied.set_multi, mapping)

    def set_serialized_multi(self, mapping: Any) -> None:
        told = self.proxied.set_serialized_multi
        self._changed(lambda seconds: self._monitor.set(seconds, len(mapping)), told, mapping)

    def delete(self, key: Any) -> None:
        self._changed(lambda _: self._monitor.delete(), self.proxied.delete, key)

    def delete_multi(self, keys: Any) -> None:
        known = list(keys)
        self._changed(lambda _: self._monitor.delete(len(known)), self.proxied.delete_multi, known)

    def get_mutex(self, key: Any) -> Any:
        self._creation.key, self._creation.missed = key, False
        return self.proxied.get_mutex(key)

    def _get(self, inner: Callable[[Any], Any], key: Any) -> Any:
        value, seconds = self._timed(inner, key)
        creation = self._creation
        again = creation.missed and creation.key == key
        creation.missed = value is NO_VALUE and creation.key == key and not again
        if not creation.missed:
            creation.key = None
        if not again:
            self._count(key, value, seconds)
        return value

    def _get_multi(self, inner: Callable[[Any], Any], keys: Any) -> Any:
        known = list(keys)
        values, seconds = self._timed(inner, known)
        try:
            values = list(values)
            for key, value in zip(known, values, strict=False):
                self._count(key, value, None)
        except Exception as error:
            self._monitor.fault(error)
        self._monitor.get_took(seconds)
        return values

    def _count(self, key: Any, value: Any, seconds: float | None) -> None:
        if value is NO_VALUE or value is None:
            self._monitor.miss(key, seconds)
        else:
            self._monitor.hit(key, seconds)
            self._monitor.value(value)

    def _changed(self, tell: Callable[[float], None], inner: Callable[..., None], *arguments: Any) -> None:
        _, seconds = self._timed(inner, *arguments)
        tell(seconds)

    def _timed(self, inner: Callable[..., Any], *arguments: Any) -> tuple[Any, float]:
        started = monotonic()
        try:
            return inner(*arguments), monotonic() - started
        except Exception:
            self._monitor.error()
            raise
