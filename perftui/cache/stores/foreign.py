"""What stores over another cache library have in common: that library keeps our entries as its values."""

import secrets
import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from perftui.cache.entry import FOREVER, Entry, EntryFacts, Stamp
from perftui.cache.patterns import pattern_regex
from perftui.cache.stores.base import Unsupported, Wanted
from perftui.cache.stores.claims import ClaimingStore, Claims
from perftui.cache.stores.memory_sizes import approximate_size
from perftui.cache.stores.uses import Uses

if TYPE_CHECKING:
    from perftui.instrument import CacheMonitor

_TAG = "#tag:"
_MARK = "perftui-entry"
Kept = tuple[str, float, float, float, dict[str, int], Any]


class ForeignStore(ClaimingStore):
    """Generations of tags are kept beside the values, under `#tag:`. An invalidated tag gets a new one, which is
    random, so that one that the library throws out is never used again."""

    def __init__(self, monitor: "CacheMonitor | None" = None, clock: Callable[[], float] = time.time) -> None:
        super().__init__(monitor, clock)
        self._uses, self._claims = Uses(), Claims()

    async def _read(self, keys: tuple[str, ...]) -> dict[str, Entry]:
        now, found = self.clock(), {}
        for key, kept in (await self._load(keys)).items():
            entry = _entry_of(kept)
            if entry is not None and entry.expires_at > now:
                found[key] = entry
                self._uses.add(key, now)
        asked = tuple({tag for entry in found.values() for tag in entry.tags})
        if not asked:
            return found
        present = await self._present(asked)
        return {key: one for key, one in found.items() if all(present.get(tag) == was for tag, was in one.tags.items())}

    async def _write(self, entries: Mapping[str, Entry]) -> None:
        first = next(iter(entries.values()))
        ttl_s = None if first.expires_at == FOREVER else first.expires_at - first.stored_at
        await self._keep({key: _kept_of(entry) for key, entry in entries.items()}, ttl_s)

    async def _write_loaded(self, key: str, entry: Entry, token: str) -> bool:
        """The libraries have no condition on a write: it is looked at again, and taken back. Removals by other
        processes are not heard of."""
        if not self._claims.holds(key, token):
            return False
        await self._write({key: entry})
        if self._claims.holds(key, token):
            return True
        await self._drop([key])
        return False

    async def _remove(self, keys: Collection[str]) -> int:
        """Those that were there; most libraries do not tell by themselves."""
        self._claims.drop(keys)
        now, held = self.clock(), await self._load(tuple(keys))
        await self._drop(list(held))
        for key in held:
            self._uses.forget(key)
        entries = [_entry_of(kept) for kept in held.values()]
        return sum(entry is None or entry.expires_at > now for entry in entries)

    async def _present(self, tags: tuple[str, ...]) -> dict[str, int]:
        held = await self._load(tuple(_TAG + tag for tag in tags))
        return {name[len(_TAG) :]: number for name, number in held.items()}

    async def _generations(self, tags: tuple[str, ...]) -> Stamp:
        present = await self._present(tags)
        new = {tag: secrets.randbits(62) for tag in tags if tag not in present}
        if new:
            await self._keep({_TAG + tag: number for tag, number in new.items()}, None)
        return present | new

    async def invalidate_tag(self, tag: str, *, dry_run: bool = False) -> int | None:
        """No reader is given the values from then on. They are removed where the library can list its keys, and told
        how many they were; elsewhere they take room until their time is over."""
        with self.failures():
            new = secrets.randbits(62)
            present = (await self._present((tag,))).get(tag)
            if present is not None and not dry_run:
                await self._keep({_TAG + tag: new}, None)
            gone = 0
            try:
                async for keys in self.scan():
                    stale = await self._under(tag, present, tuple(keys))
                    gone += len(stale)
                    if not dry_run:
                        await self._drop(stale)
            except Unsupported:
                return None
            return gone

    async def _under(self, tag: str, generation: int | None, keys: tuple[str, ...]) -> list[str]:
        """Those of the keys that were stored under this generation of the tag."""
        if generation is None:
            return []
        entries = {key: _entry_of(kept) for key, kept in (await self._load(keys)).items()}
        return [key for key, entry in entries.items() if entry is not None and entry.tags.get(tag) == generation]

    async def scan(self, pattern: str = "*") -> AsyncIterator[list[str]]:
        matches = pattern_regex(pattern).fullmatch
        async for page in self._list(pattern):
            found = [key for key in page if not key.startswith(_TAG) and matches(key)]
            if found:
                yield found

    async def facts(self, keys: Collection[str], wanted: Wanted) -> list[EntryFacts]:  # noqa: ARG002
        """Sizes are estimated; uses are those of this process, since the libraries tell none."""
        now = self.clock()
        held = await self._load(tuple(keys))
        entries = {key: entry for key, kept in held.items() if (entry := _entry_of(kept)) is not None}
        return [self._fact(key, entry, now) for key, entry in entries.items() if entry.expires_at > now]

    def _fact(self, key: str, entry: Entry, now: float) -> EntryFacts:
        return EntryFacts(
            key,
            approximate_size(entry.value),
            now - entry.stored_at,
            now - max(entry.stored_at, self._uses.last(key)),
            self._uses.times(key),
        )

    @abstractmethod
    async def _load(self, keys: tuple[str, ...]) -> dict[str, Any]:
        """What is kept under those keys that exist."""

    @abstractmethod
    async def _keep(self, values: Mapping[str, Any], ttl_s: float | None) -> None: ...

    @abstractmethod
    async def _drop(self, keys: list[str]) -> None: ...

    @abstractmethod
    def _list(self, pattern: str) -> AsyncIterator[list[str]]:
        """Keys that match, and maybe others."""


def _kept_of(entry: Entry) -> Kept:
    return _MARK, entry.stored_at, entry.fresh_until, entry.expires_at, dict(entry.tags), entry.value


def _entry_of(kept: Any) -> Entry | None:
    if not isinstance(kept, tuple | list) or len(kept) != 6 or kept[0] != _MARK:
        return None
    _, stored_at, fresh_until, expires_at, tags, value = kept
    return Entry(value, stored_at, fresh_until, expires_at, tags)
