"""Fills a cache before it is asked: after a release, a flush, or an index that made loading cheap."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

from perftui.cache.warm_run import Progress, WarmReport, WarmRun
from perftui.cache.warm_tags import TagsOf, WarmTags

if TYPE_CHECKING:
    from perftui.cache.warm_schedule import WarmSchedule
    from perftui.instrument import CacheMonitor

Loader = Callable[[str], Awaitable[Any]]
"""Makes the value of a key; `None`: there is nothing under this key, and nothing is kept."""
Ttl = float | Callable[[str], float]
"""Seconds, for all keys or by key."""
BatchLoader = Callable[[list[str]], Awaitable[Mapping[str, Any]]]
"""Makes the values of several keys."""
_FIRST_PAUSE_S = 0.05
_MOST_FAILED = 10_000


class Store(Protocol):
    """Whatever keeps values by key.

    ```python
    from redis.asyncio import Redis


    class RedisStore:
        def __init__(self, client: Redis) -> None:
            self.client = client

        async def set(self, key: str, value: bytes, ttl_s: int) -> None:
            await self.client.set(key, value, ex=ttl_s)
    ```
    """

    async def set(self, key: str, value: Any, ttl_s: int) -> None: ...


class CacheWarmer:
    """Loads keys and keeps them in a store.

    A failure is tried again `retries` times, each pause twice as long as the one before; keys that still failed are
    kept in `failed`, for `warm_failed` and the next run of a schedule. Every TTL is shortened by up to the share
    `jitter`, so that what was kept together does not expire together.

    >>> import asyncio
    >>> from perftui import CacheWarmer
    >>> class Memory(dict):
    ...     async def set(self, key, value, ttl_s):
    ...         self[key] = value
    >>> async def load(key):
    ...     return key.upper()
    >>> store = Memory()
    >>> asyncio.run(CacheWarmer(store).warm(["a", "b"], load, ttl=300)).stored
    2
    >>> store["a"]
    'A'
    """

    def __init__(
        self,
        store: Store,
        *,
        retries: int = 2,
        jitter: float = 0.1,
        seed: int | None = None,
        tags: TagsOf | None = None,
    ) -> None:
        """`tags(key)` names the tags of a value, in a store that has tags: warmed values are invalidated like others.
        Raises `ValueError` and `TypeError` for what makes no sense."""
        if retries < 0 or not 0 <= jitter < 1:
            raise ValueError("retries must be 0 or more, and jitter from 0 to below 1")
        self._store, self._retries, self._jitter = store, retries, jitter
        self._tags = WarmTags(store, tags)
        self._random = random.Random(seed)  # noqa: S311 - spreads expiry, no secret
        self.failed: dict[str, str] = {}
        """Keys whose last warming failed, and why; at most 10,000."""

    async def warm(
        self,
        keys: Iterable[str],
        loader: Loader,
        ttl: Ttl,
        concurrency: int = 8,
        progress: Progress | None = None,
    ) -> WarmReport:
        """Load every key once, at most `concurrency` at a time (1: one after the other), in the order given.

        A key that fails does not stop the others. Raises nothing but `CancelledError`, and `ValueError` for a
        `concurrency` below 1.
        """
        return await self.warm_batches(keys, _one_by_one(loader), ttl, 1, concurrency, progress)

    async def warm_batches(
        self,
        keys: Iterable[str],
        loader: BatchLoader,
        ttl: Ttl,
        batch: int = 100,
        concurrency: int = 1,
        progress: Progress | None = None,
    ) -> WarmReport:
        """The same for a loader that makes the values of many keys at once; what it leaves out is missing.

        A batch that fails is tried again as a whole, at last key by key, so that one key does not take the others with
        it. Raises `ValueError` for a `batch` or `concurrency` below 1.
        """
        if concurrency < 1 or batch < 1:
            raise ValueError("concurrency and batch must be 1 or more")
        started, run = time.monotonic(), WarmRun(list(dict.fromkeys(keys)), progress)
        waiting = iter(run.keys)

        async def work() -> None:
            while chunk := list(islice(waiting, batch)):
                await self._warm_batch(chunk, loader, ttl, run)

        async with asyncio.TaskGroup() as group:
            for _ in range(min(concurrency, -(-len(run.keys) // batch))):
                group.create_task(work())
        report = run.report(time.monotonic() - started)
        self._remember(run.keys, report)
        return report

    async def warm_failed(self, loader: Loader, ttl: Ttl, concurrency: int = 8) -> WarmReport:
        """Once more what failed before."""
        return await self.warm(list(self.failed), loader, ttl, concurrency)

    async def warm_top(
        self, monitor: "CacheMonitor", number: int, loader: Loader, ttl: Ttl, concurrency: int = 8
    ) -> WarmReport:
        """The keys that the cache is asked for most, by a monitor with `keep_keys`; raises `ValueError` without."""
        return await self.warm(most_used(monitor, number), loader, ttl, concurrency)

    def schedule(
        self,
        interval: float,
        keys: Iterable[str] | Callable[[], Iterable[str]],
        loader: Loader,
        ttl: Ttl,
        *,
        refresh: bool = True,
        concurrency: int = 8,
        report: Callable[[WarmReport], None] | None = None,
    ) -> "WarmSchedule":
        """Warm now and every `interval` seconds from then on, on the running event loop, until it is stopped.

        `keys` may be a function, such as `lambda: most_used(monitor, 100)`, which is asked each time. With `refresh`
        what is held is loaded anew, so that it never expires while it is used; without, only what is no longer held,
        for which the store needs `get`. What failed the last time comes first.
        """
        from perftui.cache.warm_schedule import WarmSchedule

        asked = keys if callable(keys) else tuple(keys)

        async def once() -> WarmReport:
            wanted = list(dict.fromkeys([*self.failed, *(asked() if callable(asked) else asked)]))
            if not refresh:
                held = await _held(self._store, wanted)
                wanted = [key for key in wanted if key not in held]
            return await self.warm(wanted, loader, ttl, concurrency)

        return WarmSchedule(interval, once, report)

    async def _warm_batch(self, keys: list[str], loader: BatchLoader, ttl: Ttl, run: WarmRun) -> None:
        pause_s, why = _FIRST_PAUSE_S, ""
        for attempt in range(self._retries + 1):
            if attempt:
                run.retries += 1
                await asyncio.sleep(pause_s)
                pause_s *= 2
            try:
                await self._load_and_keep(keys, loader, ttl, run)
                return
            except Exception as error:  # whatever a loader or a store raises is told, key by key
                why = _words(error)
        if len(keys) == 1:
            run.finish(keys[0], "failed", why)
            return
        for key in keys:
            if not run.is_finished(key):
                try:
                    await self._load_and_keep([key], loader, ttl, run)
                except Exception as error:
                    run.finish(key, "failed", _words(error))

    async def _load_and_keep(self, keys: list[str], loader: BatchLoader, ttl: Ttl, run: WarmRun) -> None:
        waiting = [key for key in keys if not run.is_finished(key)]
        async with self._tags.loading(waiting) as begun:
            values = await loader(waiting)
            for key in waiting:
                value = values.get(key)
                if value is not None:
                    await self._tags.keep(key, value, self._spread(ttl(key) if callable(ttl) else ttl), begun)
                run.finish(key, "missing" if value is None else "stored")

    def _remember(self, keys: Iterable[str], report: WarmReport) -> None:
        for key in keys:
            self.failed.pop(key, None)
        room = max(0, _MOST_FAILED - len(self.failed))
        self.failed.update(islice(report.failed.items(), room))

    def _spread(self, ttl_s: float) -> int:
        return max(1, round(ttl_s * (1 - self._jitter * self._random.random())))


def most_used(monitor: "CacheMonitor", number: int) -> list[str]:
    """Keys as text, those used most first. Raises `ValueError` for a monitor without `keep_keys`.

    >>> from perftui import CacheMonitor, Registry, most_used
    >>> monitor = CacheMonitor("pages", Registry(), keep_keys=True)
    >>> for key in ("page:1", "page:2", "page:2"):
    ...     monitor.miss(key)
    >>> most_used(monitor, 1)
    ['page:2']
    """
    if not monitor.keeps_keys:
        raise ValueError(f"the monitor {monitor.name!r} holds no keys: make it with keep_keys=True")
    uses = [use.key for use in monitor.top_keys(number)]
    return [key.decode("utf-8", "replace") if isinstance(key, bytes) else str(key) for key in uses]


async def _held(store: Any, keys: list[str]) -> set[str]:
    """Together, and without being counted as gets, where the store can tell so."""
    if hasattr(store, "held"):
        found: set[str] = await store.held(keys)
        return found
    return {key for key in keys if await store.get(key) is not None}


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]


def _one_by_one(loader: Loader) -> BatchLoader:
    async def load(keys: list[str]) -> dict[str, Any]:
        return {key: await loader(key) for key in keys}

    return load
