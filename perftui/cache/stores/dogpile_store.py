"""Values in a region of dogpile.cache."""

import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from perftui.cache.stores.base import CHUNK, Unsupported
from perftui.cache.stores.foreign import ForeignStore

if TYPE_CHECKING:
    from dogpile.cache import CacheRegion

    from perftui.instrument import CacheMonitor


class DogpileStore(ForeignStore):
    """Over a region that is configured; synchronous, so use `direct`. Count it here or by `monitor.dogpile()`.

    dogpile.cache has no lifetimes of single values: one that is over is not given out, but takes room until the
    region's own `expiration_time`, or its backend, removes it. Keys can be listed with its memory backends only.

    >>> from dogpile.cache import make_region
    >>> from perftui import DogpileStore
    >>> store = DogpileStore(make_region().configure("dogpile.cache.memory")).direct
    >>> store.set("user:1", "Ada", ttl_s=60, tags=["users"])
    >>> store.get("user:1")
    'Ada'
    """

    waits: ClassVar[bool] = False

    def __init__(
        self, region: "CacheRegion", *, monitor: "CacheMonitor | None" = None, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(monitor, clock)
        self._region = region

    async def acquire(self, name: str, seconds: float) -> str | None:  # noqa: ARG002
        """Always: dogpile.cache's own locks are within `get_or_create`. A process still loads a key once at a time."""
        return self._claims.begin(name)

    async def release(self, name: str, token: str) -> None:
        self._claims.end({name: token})

    async def _load(self, keys: tuple[str, ...]) -> dict[str, Any]:
        from dogpile.cache.api import NO_VALUE

        if not keys:
            return {}
        values = cast("Any", self._region).get_multi(list(keys))
        return {key: value for key, value in zip(keys, values, strict=True) if value is not NO_VALUE}

    async def _keep(self, values: Mapping[str, Any], ttl_s: float | None) -> None:  # noqa: ARG002
        self._region.set_multi(dict(values))

    async def _drop(self, keys: list[str]) -> None:
        if keys:
            self._region.delete_multi(keys)

    async def _list(self, pattern: str) -> AsyncIterator[list[str]]:  # noqa: ARG002
        held = getattr(self._region.actual_backend, "_cache", None)
        if not isinstance(held, Mapping):
            backend = type(self._region.actual_backend).__name__
            raise Unsupported(f"dogpile.cache cannot list the keys of {backend}: use tags, which need no list")
        if self._region.key_mangler is not None:
            raise Unsupported("dogpile.cache cannot list the keys of a region with a key_mangler: use tags")
        keys = list(held)
        for at in range(0, len(keys), CHUNK):
            yield keys[at : at + CHUNK]
