"""Hits and misses of a cache, told by the application or taken from a Redis client."""

import re
import time
from collections.abc import Awaitable, Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from perftui.instrument.caches import Kind
from perftui.instrument.registry import Registry, default_registry

if TYPE_CHECKING:
    from redis.asyncio import Redis

Client = TypeVar("Client", bound="Redis")

_SEPARATORS = re.compile(r"([:/|.])")
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,23}")
_REMEMBERED = 1024
_READS = frozenset({"GET", "GETEX", "GETDEL", "HGET"})
_WRITES = frozenset({"SET", "SETEX", "PSETEX", "SETNX", "MSET", "HSET"})
_DELETES = frozenset({"DEL", "UNLINK", "HDEL"})


def key_template(key: str) -> str:
    """`user:4711:profile` -> `user:*:*`: only the first word stays, since any other part may be a value."""
    parts = _SEPARATORS.split(key[:200])
    if len(parts) < 3:
        return "*"
    head = parts[0] if _WORD.fullmatch(parts[0]) else "*"
    return head + "".join(part if index % 2 == 0 else "*" for index, part in enumerate(parts[1:]))


class CacheMonitor:
    """Counts one cache. Keys are kept as templates unless `show_keys` is set."""

    def __init__(
        self,
        name: str,
        registry: Registry | None = None,
        *,
        template: Callable[[str], str] = key_template,
        show_keys: bool = False,
    ) -> None:
        self.name = name
        self.registry = registry or default_registry()
        self._counts = self.registry.cache(name)
        self._template = lru_cache(maxsize=_REMEMBERED)(str if show_keys else template)

    def hit(self, key: str | None = None, seconds: float | None = None) -> None:
        self._count("hits", 1, key, seconds)

    def miss(self, key: str | None = None, seconds: float | None = None) -> None:
        self._count("misses", 1, key, seconds)

    def set(self, seconds: float | None = None, number: int = 1) -> None:
        self._count("sets", number, None, seconds)

    def delete(self, number: int = 1) -> None:
        self._count("deletes", number, None, None)

    def evict(self, number: int = 1) -> None:
        self._count("evictions", number, None, None)

    def hold(self, keys: int | None = None, used_bytes: int | None = None) -> None:
        """Tell how many keys and bytes the cache holds now."""
        self._counts.keys, self._counts.bytes = keys, used_bytes

    def wrap(self, client: Client) -> Client:
        """Measure a `redis.asyncio` client's gets, sets and deletes; a pipeline's are not seen. Returns the client."""
        inner: Callable[..., Awaitable[Any]] = client.execute_command

        async def measured(*arguments: Any, **options: Any) -> Any:
            started = time.perf_counter()
            reply = await inner(*arguments, **options)
            self._observe(arguments, reply, time.perf_counter() - started)
            return reply

        client.execute_command = measured  # type: ignore[method-assign]
        return client

    def _observe(self, arguments: tuple[Any, ...], reply: Any, seconds: float) -> None:
        try:
            command = arguments[0].upper() if isinstance(arguments[0], str) else ""
            if command in _READS:
                self._count("misses" if reply is None else "hits", 1, _text(arguments[1]), seconds)
            elif command == "MGET":
                for key, value in zip(arguments[1:], reply, strict=True):
                    self._count("misses" if value is None else "hits", 1, _text(key), seconds)
            elif command in _WRITES:
                self._count("sets", 1 if command != "MSET" else len(arguments) // 2, None, seconds)
            elif command in _DELETES and isinstance(reply, int):
                self._count("deletes", reply, None, None)
        except Exception:  # counting must never fail the application's command
            return

    def _count(self, kind: Kind, number: int, key: str | None, seconds: float | None) -> None:
        shown = None if key is None else self._template(key)
        with self.registry.lock:
            self._counts.count(kind, number, shown, seconds)


def _text(key: Any) -> str:
    return key.decode("utf-8", "replace") if isinstance(key, bytes | bytearray) else str(key)
