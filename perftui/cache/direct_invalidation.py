"""Invalidation without `await`."""

from typing import Literal

from perftui.cache.invalidation import Invalidated, Invalidator
from perftui.cache.stores.direct import DirectStore, run_now


class DirectInvalidator:
    """The methods of `Invalidator` without `await`.

    >>> from perftui import Invalidator, MemoryStore
    >>> store = MemoryStore()
    >>> store.direct.set("page:1", "a", tags=["pages"])
    >>> Invalidator(store).direct.tags("pages").keys
    1
    """

    def __init__(self, inner: Invalidator) -> None:
        DirectStore(inner.store)
        self._inner = inner

    def tags(self, *tags: str, dry_run: bool = False) -> Invalidated:
        return run_now(self._inner.tags(*tags, dry_run=dry_run))

    def pattern(self, pattern: str, *, dry_run: bool = False) -> Invalidated:
        return run_now(self._inner.pattern(pattern, dry_run=dry_run))

    def keys(self, *keys: str, dry_run: bool = False) -> Invalidated:
        return run_now(self._inner.keys(*keys, dry_run=dry_run))

    def changed(self, *names: str, dry_run: bool = False) -> Invalidated:
        return run_now(self._inner.changed(*names, dry_run=dry_run))

    def older_than(self, seconds: float, pattern: str = "*", *, dry_run: bool = False) -> Invalidated:
        return run_now(self._inner.older_than(seconds, pattern, dry_run=dry_run))

    def limit(
        self,
        max_keys: int | None = None,
        max_bytes: int | None = None,
        policy: Literal["lru", "lfu"] = "lru",
        pattern: str = "*",
        *,
        dry_run: bool = False,
    ) -> Invalidated:
        return run_now(self._inner.limit(max_keys, max_bytes, policy, pattern, dry_run=dry_run))
