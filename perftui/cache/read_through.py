"""Reads through a cache: what is not there is loaded once, whoever asks, and kept."""

import time
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from perftui.cache.entry import Entry
from perftui.cache.flights import Flights
from perftui.cache.keys import key_maker
from perftui.cache.loading import LoadOptions, Pauses, attempt, check_cacheable, check_usable_again
from perftui.cache.refreshes import Refreshes
from perftui.cache.stores.base import CacheStore
from perftui.cache.stores.direct import DirectStore, run_now
from perftui.cache.stores.memory import MemoryStore

P = ParamSpec("P")
R = TypeVar("R")


class ReadThrough:
    """Read-through for code that is not asynchronous.

    However many threads miss a key at once, its loader is called once; over Redis and cashews once across all processes
    too. After `ttl_s` a value is stale: for `stale_s` more it is still given out, while one thread loads it anew. A
    loader that raises raises in all who wait, and nothing is kept; nor is `None`, unless `none_ttl_s` says how long. A
    store that is down is counted as an error, and the loader asked.

    >>> from perftui import MemoryStore, ReadThrough
    >>> pages = ReadThrough(MemoryStore(), ttl_s=60)
    >>> pages.get("page:7", lambda: "made")
    'made'
    >>> @pages.cached("square:{number}", tags=["squares"])
    ... def square(number: int) -> int:
    ...     return number * number
    >>> square(3), square(3)
    (9, 9)
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
        """`load_timeout_s`: how long other processes wait for the one that loads, before one of them loads too.
        `keep(value)` may say that a value is given out, but not kept."""
        DirectStore(store)
        self.store = store
        self._options = LoadOptions(ttl_s, stale_s, none_ttl_s, load_timeout_s, keep)
        self._flights = Flights()
        self._peek: Callable[[str], Entry | None] = (
            store.peek if isinstance(store, MemoryStore) else lambda key: run_now(store.find(key))
        )
        self._clock = store.clock
        self._refreshing = Refreshes()

    def get(self, key: str, load: Callable[[], R], *, tags: Iterable[str] = ()) -> R:
        """The value of the key, or what `load` gives."""
        try:
            entry = self._peek(key)
        except Exception:  # the store is down, and has counted it
            return cast("R", self._flights.fly(key, load))
        if entry is None:
            return cast("R", self._flights.fly(key, lambda: self._load(key, load, tags)))
        if entry.fresh_until <= self._clock() and key not in self._refreshing:
            self._refreshing.start(key, lambda: self._load_anew(key, load, tags))
        return cast("R", entry.value)

    def cached(self, key: str, *, tags: Iterable[str] = ()) -> Callable[[Callable[P, R]], Callable[P, R]]:
        """Decorate a function; `key` names its arguments in braces: `page:{number}`. Other arguments do not count."""

        def decorate(function: Callable[P, R]) -> Callable[P, R]:
            check_cacheable(function)
            key_of = key_maker(key, function)
            get, known = self.get, tuple(tags)

            @wraps(function)
            def cached(*arguments: P.args, **keywords: P.kwargs) -> R:
                return get(key_of(arguments, keywords), lambda: function(*arguments, **keywords), tags=known)

            return cached

        return decorate

    def _load(self, key: str, load: Callable[[], Any], tags: Iterable[str]) -> Any:
        """Load and keep, unless another process does so meanwhile."""
        pauses = Pauses(self._options.timeout_s)
        while (token := self._acquire(key)) is None:
            if not pauses.more():
                return self._load_without_lock(key, load, tags)
            time.sleep(pauses.next_s())
            found = self._look_again(key)
            if found is not None:
                return found.value
        try:
            # Another process may have stored it between our miss and our lock.
            found = self._look_again(key)
            return found.value if found is not None else self._load_and_keep(key, load, tags, token)
        finally:
            run_now(attempt(self.store.release(key, token), None))

    def _acquire(self, key: str) -> str | None:
        return run_now(attempt(self.store.acquire(key, self._options.timeout_s), ""))

    def _look_again(self, key: str) -> Entry | None:
        return run_now(attempt(self.store.find_uncounted(key), None))

    def _load_without_lock(self, key: str, load: Callable[[], Any], tags: Iterable[str]) -> Any:
        tokens = run_now(attempt(self.store.begin_loads((key,)), {}))
        try:
            return self._load_and_keep(key, load, tags, tokens.get(key, ""))
        finally:
            run_now(attempt(self.store.end_loads(tokens), None))

    def _load_and_keep(self, key: str, load: Callable[[], Any], tags: Iterable[str], token: str) -> Any:
        stamp = run_now(attempt(self.store.stamp(tags), None))
        value = load()
        check_usable_again(value)
        lifetime = self._options.lifetime(value)
        if lifetime is not None and stamp is not None:
            keep = self.store.set_loaded(key, value, token, lifetime.ttl_s, stamp, fresh_s=lifetime.fresh_s)
            run_now(attempt(keep, None))
        return value

    def _load_anew(self, key: str, load: Callable[[], Any], tags: Iterable[str]) -> None:
        token = None
        try:
            token = run_now(self.store.acquire(key, self._options.timeout_s))
            found = self._look_again(key) if token is not None else None
            if token is not None and found is not None and found.fresh_until <= self._clock():
                self._load_and_keep(key, load, tags, token)
        except Exception:  # the stale value goes on being given out; the next one who reads tries again
            if self.store.monitor is not None:
                self.store.monitor.error()
        finally:
            if token is not None:
                run_now(attempt(self.store.release(key, token), None))
