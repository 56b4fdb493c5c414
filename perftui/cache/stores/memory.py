"""Values in this process, under a limit."""

import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

from perftui.cache.entry import Entry, EntryFacts, Stamp, StoreSizes
from perftui.cache.forking import begin_anew_in_child
from perftui.cache.patterns import pattern_regex
from perftui.cache.stores.base import CHUNK, Wanted
from perftui.cache.stores.claims import Claims
from perftui.cache.stores.memory_limits import Limited, Policy
from perftui.cache.stores.memory_sizes import approximate_size
from perftui.cache.stores.tag_index import TagIndex
from perftui.instrument.caches.recorder import Held, watch_weakly

if TYPE_CHECKING:
    from perftui.instrument import CacheMonitor


class MemoryStore(Limited):
    """Values in this process, safe to use from many threads; they are handed out as they are, not copied.

    When it is full the least recently used goes (`lru`), or a 64th of all at once, those that are used least often
    (`lfu`; counts are halved each time, so that what once was popular does not stay for ever).

    >>> from perftui import MemoryStore
    >>> store = MemoryStore(max_keys=2).direct
    >>> for key in "abc":
    ...     store.set(key, key.upper())
    >>> store.get_many("abc")
    {'b': 'B', 'c': 'C'}
    """

    waits: ClassVar[bool] = False

    def __init__(
        self,
        max_keys: int = 10_000,
        max_bytes: int | None = None,
        policy: Policy = "lru",
        *,
        monitor: "CacheMonitor | None" = None,
        size_of: Callable[[Any], int] = approximate_size,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """With `max_bytes` every value is measured by `size_of` when it is stored."""
        if max_keys < 1 or (max_bytes is not None and max_bytes < 1) or policy not in ("lru", "lfu"):
            raise ValueError("max_keys and max_bytes must be 1 or more, and policy lru or lfu")
        super().__init__(monitor, clock)
        self._entries, self._index, self._bytes = OrderedDict(), TagIndex(), 0
        self._max_keys, self._max_bytes, self._policy, self._size_of = max_keys, max_bytes, policy, size_of
        self._lock = threading.RLock()
        self._claims = Claims()
        begin_anew_in_child(self)
        if monitor is not None:
            monitor.watch(watch_weakly(self, _held))

    def begin_anew(self) -> None:
        """In a child of a fork: a thread that is not there may have been inside, and those that loaded load no more."""
        if not self._lock.acquire(blocking=False):
            self._bytes = sum(entry.size for entry in self._entries.values())
        self._lock = threading.RLock()
        self._claims = Claims()

    def peek(self, key: str) -> Entry | None:
        """`find` without `await`, and not timed: the shortest way to a value."""
        entry, now = self._entries.get(key), self.clock()
        monitor = self.monitor
        if entry is None or entry.expires_at <= now or (entry.tags and not self._index.is_current(entry.tags)):
            if monitor is not None:
                monitor.miss(key)
            return None
        self._use(key, entry, now)
        if monitor is not None:
            monitor.hit(key)
        return entry

    def _use(self, key: str, entry: Entry, now: float) -> None:
        entry.uses += 1
        entry.used_at = now
        if self._policy == "lru":
            try:
                self._entries.move_to_end(key)
            except KeyError:  # another thread removed it meanwhile
                return

    async def _read(self, keys: tuple[str, ...]) -> dict[str, Entry]:
        now, found = self.clock(), {}
        for key in keys:
            entry = self._entries.get(key)
            if entry is not None and entry.expires_at > now and self._index.is_current(entry.tags):
                self._use(key, entry, now)
                found[key] = entry
        return found

    async def _write(self, entries: Mapping[str, Entry]) -> None:
        with self._lock:
            self._sweep()
            for key, entry in entries.items():
                self._pop(key)
                if not self._index.is_current(entry.tags):
                    continue
                if self._max_bytes is not None:
                    entry.size = self._size_of(entry.value) + len(key)
                self._index.add(key, entry.tags)
                self._entries[key] = entry
                self._bytes += entry.size
                self._make_room(key)

    async def _remove(self, keys: Collection[str]) -> int:
        now = self.clock()
        with self._lock:
            self._claims.drop(keys)
            gone = [self._pop(key) for key in keys]
        return sum(entry is not None and entry.expires_at > now for entry in gone)

    async def _generations(self, tags: tuple[str, ...]) -> Stamp:
        with self._lock:
            return self._index.generations(tags)

    async def invalidate_tag(self, tag: str, *, dry_run: bool = False) -> int | None:
        """All at once; the keys are then removed some at a time, so that other threads get their turn."""
        with self._lock:
            if dry_run:
                return len(self._index.members(tag))
            keys = iter(self._index.take(tag))
            removed = 0
        while chunk := list(islice(keys, CHUNK)):
            with self._lock:
                # A key that was set again meanwhile is under a generation of its own.
                stale = [key for key in chunk if (held := self._entries.get(key)) and tag in held.tags
                         and not self._index.is_current(held.tags)]  # fmt: skip
                removed += sum(self._pop(key) is not None for key in stale)
        return removed

    async def scan(self, pattern: str = "*") -> AsyncIterator[list[str]]:
        matches, now = pattern_regex(pattern).fullmatch, self.clock()
        with self._lock:
            entries = self._oldest(len(self._entries))
        keys = iter([key for key, entry in entries if entry.expires_at > now and matches(key)])
        while page := list(islice(keys, CHUNK)):
            yield page

    async def facts(self, keys: Collection[str], wanted: Wanted) -> list[EntryFacts]:  # noqa: ARG002
        now = self.clock()
        with self._lock:
            held = [(key, entry) for key in keys if (entry := self._entries.get(key)) and entry.expires_at > now]
        return [
            EntryFacts(
                key,
                entry.size or self._size_of(entry.value) + len(key),
                now - entry.stored_at,
                now - entry.used_at,
                entry.uses,
            )
            for key, entry in held
        ]

    async def sizes(self) -> StoreSizes:
        """Without `max_bytes` every value is measured now."""
        if self._max_bytes is not None:
            return StoreSizes(len(self._entries), self._bytes)
        return await super().sizes()

    async def acquire(self, name: str, seconds: float) -> str | None:
        with self._lock:
            return self._claims.acquire(name, seconds, self.clock())

    async def release(self, name: str, token: str) -> None:
        await self._end_loads({name: token})

    async def _write_loaded(self, key: str, entry: Entry, token: str) -> bool:
        with self._lock:
            if not self._claims.holds(key, token):
                return False
            await self._write({key: entry})
            return True


def _held(store: MemoryStore) -> Held:
    return Held(len(store._entries), store._bytes if store._max_bytes is not None else None, store._max_keys, False)
