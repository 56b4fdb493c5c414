"""What goes when a store in memory is full."""

from collections import OrderedDict
from collections.abc import Iterable
from contextlib import suppress
from heapq import nsmallest
from itertools import islice
from typing import Literal

from perftui.cache.entry import Entry
from perftui.cache.stores.claims import ClaimingStore
from perftui.cache.stores.tag_index import TagIndex

Policy = Literal["lru", "lfu"]
_SWEPT = 8
"""Entries that each write looks at, for those whose time is over."""
_SHARE = 64
"""One in so many goes at once where the least used are looked for, since that looks at all: most writes find room."""


class Limited(ClaimingStore):
    """A part of `MemoryStore`. The caller holds its lock."""

    _entries: OrderedDict[str, Entry]
    _index: TagIndex
    _bytes: int
    _max_keys: int
    _max_bytes: int | None
    _policy: Policy

    def _pop(self, key: str) -> Entry | None:
        entry = self._entries.pop(key, None)
        if entry is not None:
            self._bytes -= entry.size
            self._index.discard(key, entry.tags)
        return entry

    def _sweep(self) -> None:
        """Drop what is over at the old end; the rest is found when room is needed or the key is set again."""
        now = self.clock()
        self._expire([key for key, entry in self._oldest(_SWEPT) if entry.expires_at <= now])

    def _oldest(self, number: int) -> list[tuple[str, Entry]]:
        """Readers move entries without the lock, which ends the look at them: it begins anew."""
        while True:
            with suppress(RuntimeError):
                return list(islice(self._entries.items(), number))

    def _expire(self, keys: Iterable[str]) -> None:
        number = sum(self._pop(key) is not None for key in keys)
        if self.monitor is not None:
            self.monitor.expire(number)

    def _make_room(self, kept: str) -> None:
        if not self._too_full():
            return
        now, before = self.clock(), len(self._entries)
        reason = "capacity" if before > self._max_keys else "memory"
        expired = 0
        while self._entries and self._too_full():
            gone = [self._pop(key) for key in self._next_to_go(kept)]
            expired += sum(entry is not None and entry.expires_at <= now for entry in gone)
        if self.monitor is not None:
            self.monitor.expire(expired)
            self.monitor.evict(before - len(self._entries) - expired, reason)

    def _too_full(self) -> bool:
        return len(self._entries) > self._max_keys or (self._max_bytes is not None and self._bytes > self._max_bytes)

    def _next_to_go(self, kept: str) -> list[str]:
        """The one just stored goes only where it alone is too large."""
        if self._policy == "lru" or len(self._entries) == 1:
            return [key for key, _ in self._oldest(1)]
        others = ((entry.uses, entry.used_at, key) for key, entry in self._entries.items() if key != kept)
        ranked = nsmallest(max(1, len(self._entries) // _SHARE), others)
        for entry in self._entries.values():
            entry.uses >>= 1
        return [key for _, _, key in ranked]
