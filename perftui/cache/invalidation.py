"""Throws out what is no longer true, too old, or too much."""

import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from perftui.cache.dependencies import DependencyGraph, kinds
from perftui.cache.entry import EntryFacts
from perftui.cache.stores.base import CHUNK, CacheStore, Unsupported

if TYPE_CHECKING:
    from perftui.cache.direct_invalidation import DirectInvalidator

Kind = Literal["tag", "pattern", "keys", "dependents", "age", "limit"]
Pages = AsyncIterator[list[str]]


@dataclass(frozen=True, kw_only=True)
class Invalidated:
    """What went, or would go.

    >>> from perftui import Invalidated
    >>> Invalidated(by="tag", names=("products",), keys=3).keys
    3
    """

    by: Kind
    names: tuple[str, ...] = ()
    """What was asked for; of dependents also what it led to."""
    keys: int = 0
    """How many values went. On Redis a value that was stored again under other tags goes with its earlier ones."""
    complete: bool = True
    """False where the library cannot tell how many stood under a tag; none is served all the same."""
    dry_run: bool = False
    seconds: float = 0.0


class Invalidator:
    """Invalidates in a store, with counts of what went; with `dry_run` nothing goes. Told to the store's monitor.

    >>> import asyncio
    >>> from perftui import Invalidator, MemoryStore
    >>> async def use():
    ...     store = MemoryStore()
    ...     await store.set_many({"page:1": "a", "page:2": "b"}, 60, ["pages"])
    ...     would = await Invalidator(store).pattern("page:*", dry_run=True)
    ...     gone = await Invalidator(store).tags("pages")
    ...     return would.keys, gone.keys, await store.get("page:1")
    >>> asyncio.run(use())
    (2, 2, None)
    """

    def __init__(self, store: CacheStore, graph: DependencyGraph | None = None) -> None:
        self.store = store
        self.graph = DependencyGraph() if graph is None else graph

    async def tags(self, *tags: str, dry_run: bool = False) -> Invalidated:
        """All values under any of the tags: every reader finds them gone at once."""
        run = _Run(self.store, "tag", tags, dry_run)
        for tag in dict.fromkeys(tags):
            run.add(await self.store.invalidate_tag(tag, dry_run=dry_run))
        return run.result()

    async def pattern(self, pattern: str, *, dry_run: bool = False) -> Invalidated:
        """All keys that match (`*`, `?`, `[a-z]`). Raises `Unsupported` where keys cannot be listed."""
        run = _Run(self.store, "pattern", (pattern,), dry_run)
        await run.go(_matching(self.store, pattern, dry_run))
        return run.result()

    async def keys(self, *keys: str, dry_run: bool = False) -> Invalidated:
        """These keys."""
        run = _Run(self.store, "keys", keys, dry_run)
        await run.go(_paged(keys))
        return run.result()

    async def changed(self, *names: str, dry_run: bool = False) -> Invalidated:
        """These names and all that depends on them by the graph."""
        reached = {*names, *self.graph.dependents(*names)}
        run = _Run(self.store, "dependents", sorted(reached), dry_run)
        keys, tags, patterns = kinds(reached)
        for tag in tags:
            run.add(await self.store.invalidate_tag(tag, dry_run=dry_run))
        await run.go(_paged(keys))
        for pattern in patterns:
            await run.go(_matching(self.store, pattern, dry_run))
        return run.result()

    async def older_than(self, seconds: float, pattern: str = "*", *, dry_run: bool = False) -> Invalidated:
        """Values that were stored longer ago."""

        async def old() -> Pages:
            async for keys in self.store.scan(pattern):
                facts = await self.store.facts(keys, "age")
                yield [fact.key for fact in facts if fact.age_s is not None and fact.age_s > seconds]

        run = _Run(self.store, "age", (pattern,), dry_run)
        await run.go(old())
        return run.result()

    async def limit(
        self,
        max_keys: int | None = None,
        max_bytes: int | None = None,
        policy: Literal["lru", "lfu"] = "lru",
        pattern: str = "*",
        *,
        dry_run: bool = False,
    ) -> Invalidated:
        """Down to so many keys and bytes: what was not used for longest goes first, or what was used least.

        Walks over all keys and holds them. Raises `Unsupported` where the store does not know uses or sizes: on Redis
        `lfu` needs a `maxmemory-policy` of that kind, and `lru` one of another kind.
        """
        run = _Run(self.store, "limit", (pattern,), dry_run, "capacity" if max_bytes is None else "memory")
        held: dict[str, EntryFacts] = {}
        async for keys in self.store.scan(pattern):
            held.update({fact.key: fact for fact in await self.store.facts(keys, "use")})
        await run.go(_paged(_too_many(held.values(), max_keys, max_bytes, policy)))
        return run.result()

    @property
    def direct(self) -> "DirectInvalidator":
        """The same without `await`; raises `TypeError` over an asynchronous client."""
        from perftui.cache.direct_invalidation import DirectInvalidator

        return DirectInvalidator(self)


class _Run:
    """One invalidation under way."""

    def __init__(
        self, store: CacheStore, by: Kind, names: Iterable[str], dry_run: bool, reason: str = "invalidated"
    ) -> None:
        self._store, self._by, self._names, self._dry_run = store, by, tuple(names), dry_run
        self._reason, self._number, self._complete = reason, 0, True
        self._started = time.monotonic()
        self._seen: set[str] = set()

    def add(self, number: int | None) -> None:
        """How many went under a tag."""
        self._complete &= number is not None
        self._number += number or 0

    async def go(self, pages: Pages) -> None:
        """Remove the keys, some at a time; in a dry run count those that exist."""
        async for keys in pages:
            if self._dry_run:
                new = [key for key in keys if key not in self._seen]
                self._seen.update(new)
                self._number += len(await self._store.facts(new, "age"))
            else:
                self._number += await self._store.remove(keys)

    def result(self) -> Invalidated:
        if not self._dry_run and self._store.monitor is not None:
            self._store.monitor.evict(self._number, self._reason)
        return Invalidated(
            by=self._by,
            names=self._names,
            keys=self._number,
            complete=self._complete,
            dry_run=self._dry_run,
            seconds=time.monotonic() - self._started,
        )


class _Ranked(NamedTuple):
    rank: float
    key: str
    bytes: int


async def _matching(store: CacheStore, pattern: str, dry_run: bool) -> Pages:
    """What is being loaded goes too: it has no key yet that could be found."""
    if not dry_run:
        await store.forget_loads(pattern)
    async for keys in store.scan(pattern):
        yield keys


async def _paged(keys: Iterable[str]) -> Pages:
    known = list(dict.fromkeys(keys))
    for at in range(0, len(known), CHUNK):
        yield known[at : at + CHUNK]


def _too_many(facts: Iterable[EntryFacts], max_keys: int | None, max_bytes: int | None, policy: str) -> list[str]:
    """The keys to remove, the least used first."""
    ranked = sorted(_ranked(fact, policy, max_bytes is not None) for fact in facts)
    keys, used = len(ranked), sum(one.bytes for one in ranked)
    found: list[str] = []
    for one in ranked:
        if (max_keys is None or keys <= max_keys) and (max_bytes is None or used <= max_bytes):
            break
        found.append(one.key)
        keys, used = keys - 1, used - one.bytes
    return found


def _ranked(fact: EntryFacts, policy: str, sized: bool) -> _Ranked:
    rank = fact.uses if policy == "lfu" else None if fact.idle_s is None else -fact.idle_s
    if rank is None:
        raise Unsupported(f"this store does not tell what {policy} needs to know of its keys")
    if sized and fact.bytes is None:
        raise Unsupported("this store does not tell the sizes of its values")
    return _Ranked(rank, fact.key, fact.bytes or 0)
