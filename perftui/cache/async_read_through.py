"""The same for coroutines."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from perftui.cache.entry import Entry
from perftui.cache.flights import AsyncFlights, SharedLooks
from perftui.cache.keys import key_maker
from perftui.cache.loading import LoadOptions, Pauses, attempt, check_usable_again
from perftui.cache.refreshes import AsyncRefreshes
from perftui.cache.stores.base import CacheStore
from perftui.cache.stores.memory import MemoryStore

P = ParamSpec("P")
R = TypeVar("R")


class AsyncReadThrough:
    """Read-through for coroutines of one event loop: `ReadThrough` says what is kept, for how long, and who loads.

    A task that is cancelled while it waits does not end the load, which others may be waiting for.

    >>> import asyncio
    >>> from perftui import AsyncReadThrough, MemoryStore
    >>> pages = AsyncReadThrough(MemoryStore(), ttl_s=60, stale_s=30)
    >>> @pages.cached("page:{number}")
    ... async def page(number: int) -> str:
    ...     return f"page {number}"
    >>> asyncio.run(page(7))
    'page 7'
    """

    def __init__(
        self,
        store: CacheStore,
        ttl_s: float,
        stale_s: float = 0.0,
        *,
        none_ttl_s: float | None = None,
        load_timeout_s: float = 30.0,
        keep: Callable[[Any], bool] | None = None,
    ) -> None:
        self.store = store
        self._options = LoadOptions(ttl_s, stale_s, none_ttl_s, load_timeout_s, keep)
        self._flights, self._refreshing = AsyncFlights(), AsyncRefreshes()
        self._peek = store.peek if isinstance(store, MemoryStore) else None
        self._looks = SharedLooks(store)
        self._clock = store.clock

    async def get(self, key: str, load: Callable[[], Awaitable[R]], *, tags: Iterable[str] = ()) -> R:
        """The value of the key, or what `load` gives."""
        peek = self._peek
        try:
            entry = peek(key) if peek is not None else await self._looks.find(key)
        except Exception:  # the store is down, and has counted it
            return cast("R", await self._flights.fly(key, load))
        if entry is None:
            return cast("R", await self._flights.fly(key, lambda: self._load(key, load, tags)))
        if entry.fresh_until <= self._clock() and key not in self._refreshing:
            self._refreshing.start(key, lambda: self._load_anew(key, load, tags))
        return cast("R", entry.value)

    def cached(
        self, key: str, *, tags: Iterable[str] = ()
    ) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[R]]]:
        """Decorate a coroutine function; `key` names its arguments in braces: `page:{number}`."""

        def decorate(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
            if not inspect.iscoroutinefunction(function):
                raise TypeError("a function that is no coroutine needs ReadThrough")
            key_of = key_maker(key, function)
            get, known = self.get, tuple(tags)

            @wraps(function)
            async def cached(*arguments: P.args, **keywords: P.kwargs) -> R:
                return await get(key_of(arguments, keywords), lambda: function(*arguments, **keywords), tags=known)

            return cached

        return decorate

    async def _load(self, key: str, load: Callable[[], Awaitable[Any]], tags: Iterable[str]) -> Any:
        """Load and keep, unless another process does so meanwhile."""
        pauses = Pauses(self._options.timeout_s)
        while (token := await attempt(self.store.acquire(key, self._options.timeout_s), "")) is None:
            if not pauses.more():
                return await self._load_without_lock(key, load, tags)
            await asyncio.sleep(pauses.next_s())
            found = await self._look_again(key)
            if found is not None:
                return found.value
        try:
            # Another process may have stored it between our miss and our lock.
            found = await self._look_again(key)
            return found.value if found is not None else await self._load_and_keep(key, load, tags, token)
        finally:
            await attempt(self.store.release(key, token), None)

    async def _look_again(self, key: str) -> Entry | None:
        return await attempt(self.store.find_uncounted(key), None)

    async def _load_without_lock(self, key: str, load: Callable[[], Awaitable[Any]], tags: Iterable[str]) -> Any:
        tokens = await attempt(self.store.begin_loads((key,)), {})
        try:
            return await self._load_and_keep(key, load, tags, tokens.get(key, ""))
        finally:
            await attempt(self.store.end_loads(tokens), None)

    async def _load_and_keep(
        self, key: str, load: Callable[[], Awaitable[Any]], tags: Iterable[str], token: str
    ) -> Any:
        stamp = await attempt(self.store.stamp(tags), None)
        value = await load()
        check_usable_again(value)
        lifetime = self._options.lifetime(value)
        if lifetime is not None and stamp is not None:
            keep = self.store.set_loaded(key, value, token, lifetime.ttl_s, stamp, fresh_s=lifetime.fresh_s)
            await attempt(keep, None)
        return value

    async def _load_anew(self, key: str, load: Callable[[], Awaitable[Any]], tags: Iterable[str]) -> None:
        """If no other process does it. What goes wrong is counted; the stale value goes on being given out."""
        token = None
        try:
            token = await self.store.acquire(key, self._options.timeout_s)
            found = await self._look_again(key) if token is not None else None
            if token is not None and found is not None and found.fresh_until <= self._clock():
                await self._load_and_keep(key, load, tags, token)
        except Exception:
            if self.store.monitor is not None:
                self.store.monitor.error()
        finally:
            if token is not None:
                await attempt(self.store.release(key, token), None)
