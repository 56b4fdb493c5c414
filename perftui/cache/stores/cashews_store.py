"""Values in a cashews cache."""

import re
import secrets
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any

from perftui.cache.stores.base import CHUNK
from perftui.cache.stores.foreign import ForeignStore

if TYPE_CHECKING:
    from cashews import Cache

    from perftui.instrument import CacheMonitor

_PLAIN = re.compile(r"[\w:*]*")
_MISSING = object()


class CashewsStore(ForeignStore):
    """Over a `cashews.Cache` that is set up. Count it here or by `monitor.cashews()`, not by both.

    ```python
    import asyncio

    from cashews import Cache
    from perftui import CashewsStore


    async def main():
        cache = Cache()
        cache.setup("mem://", check_interval=0)
        store = CashewsStore(cache)
        await store.set("user:1", "Ada", ttl_s=60, tags=["users"])
        assert await store.get("user:1") == "Ada"
        await cache.close()


    asyncio.run(main())
    ```
    """

    def __init__(
        self, cache: "Cache", *, monitor: "CacheMonitor | None" = None, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(monitor, clock)
        self._cache = cache

    async def _load(self, keys: tuple[str, ...]) -> dict[str, Any]:
        if not keys:
            return {}
        values = await self._cache.get_many(*keys, default=_MISSING)
        return {key: value for key, value in zip(keys, values, strict=True) if value is not _MISSING}

    async def _keep(self, values: Mapping[str, Any], ttl_s: float | None) -> None:
        if ttl_s is None:  # its memory would go on with the lifetime of what is there
            await self._cache.delete_many(*values)
        await self._cache.set_many(dict(values), expire=ttl_s)

    async def _drop(self, keys: list[str]) -> None:
        if keys:
            await self._cache.delete_many(*keys)

    async def acquire(self, name: str, seconds: float) -> str | None:
        token = self._claims.under_way(name) or secrets.token_hex(8)
        if not await self._cache.set_lock(f"#lock:{name}", token, expire=seconds):
            return None
        return self._claims.begin(name, token)

    async def release(self, name: str, token: str) -> None:
        self._claims.end({name: token})
        await self._cache.unlock(f"#lock:{name}", token)

    async def _list(self, pattern: str) -> AsyncIterator[list[str]]:
        page: list[str] = []
        # Its backends read patterns in different ways, but agree on plain ones.
        plain = pattern if _PLAIN.fullmatch(pattern) else "*"
        async for key in self._cache.scan(plain, batch_size=CHUNK):
            page.append(key)
            if len(page) == CHUNK:
                yield page
                page = []
        yield page
