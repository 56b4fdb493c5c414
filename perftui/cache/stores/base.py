"""The interface of all stores. What is got, set and deleted through it is told to the `CacheMonitor`."""

import time
from abc import abstractmethod
from collections.abc import AsyncIterator, Collection, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from perftui.cache.entry import Entry, EntryFacts, StoreSizes
from perftui.cache.stores.writing import Writing

if TYPE_CHECKING:
    from perftui.cache.stores.direct import DirectStore

Wanted = Literal["age", "use"]
CHUNK = 500
"""Keys in one command or one step, at most."""


class CacheStore(Writing):
    """Values by key, with a lifetime and tags. Any method raises what its library raises.

    The methods are coroutines. Those of a store over a synchronous client never wait, so that `direct` can offer the
    same without `await`.

    >>> import asyncio
    >>> from perftui import CacheStore, MemoryStore
    >>> async def use(store: CacheStore):
    ...     await store.set("user:1", {"name": "Ada"}, ttl_s=60, tags=["users"])
    ...     return await store.get("user:1")
    >>> asyncio.run(use(MemoryStore()))
    {'name': 'Ada'}
    """

    waits: ClassVar[bool] = True
    """Whether it may have to wait, so that it can be used with `await` only."""

    async def get(self, key: str, default: Any = None) -> Any:
        """The value, or `default` where there is none."""
        entry = await self.find(key)
        return default if entry is None else entry.value

    async def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        """The values that were found."""
        return {key: entry.value for key, entry in (await self.find_many(keys)).items()}

    async def find(self, key: str) -> Entry | None:
        """The value with its times. It may be past `fresh_until`."""
        started = time.monotonic()
        try:
            entry = await self._read_one(key)
        except Exception:
            if self.monitor is not None:
                self.monitor.error()
            raise
        monitor = self.monitor
        if monitor is not None:
            if entry is None:
                monitor.miss(key, time.monotonic() - started)
            else:
                monitor.hit(key, time.monotonic() - started)
                monitor.value(entry.value)
        return entry

    async def find_uncounted(self, key: str) -> Entry | None:
        """`find` that the monitor does not hear of: a second look at what was missed."""
        with self.failures():
            return await self._read_one(key)

    async def held(self, keys: Iterable[str]) -> set[str]:
        """Which of the keys have a value now; the monitor does not hear of it."""
        asked = tuple(dict.fromkeys(keys))
        with self.failures():
            return set(await self._read(asked)) if asked else set()

    async def find_many(self, keys: Iterable[str]) -> dict[str, Entry]:
        asked = tuple(dict.fromkeys(keys))
        started = time.monotonic()
        with self.failures():
            found = await self._read(asked) if asked else {}
        self._tell_got(asked, found, time.monotonic() - started)
        return found

    async def delete(self, key: str) -> bool:
        """Whether there was something."""
        return await self.delete_many((key,)) > 0

    async def delete_many(self, keys: Iterable[str]) -> int:
        """How many there were."""
        number = await self.remove(tuple(dict.fromkeys(keys)))
        if self.monitor is not None:
            self.monitor.delete(number)
        return number

    async def remove(self, keys: Collection[str]) -> int:
        """`delete_many` that is not counted as a deletion by the application."""
        with self.failures():
            return await self._remove(keys) if keys else 0

    @abstractmethod
    def scan(self, pattern: str = "*") -> AsyncIterator[list[str]]:
        """Keys by pattern, some at a time; a key may come twice, and one that came or went meanwhile may be missing.

        Raises `Unsupported` where the library cannot list keys.
        """

    @abstractmethod
    async def facts(self, keys: Collection[str], wanted: Wanted) -> list[EntryFacts]:
        """Sizes, and either ages or uses, of the keys that exist."""

    @abstractmethod
    async def invalidate_tag(self, tag: str, *, dry_run: bool = False) -> int | None:
        """All values under the tag are gone at once for every reader; how many there were, `None` if not known."""

    async def sizes(self) -> StoreSizes:
        """Keys and bytes now: on a server a walk over all keys. Also told to the monitor."""
        held: dict[str, int | None] = {}
        async for keys in self.scan():
            held.update({fact.key: fact.bytes for fact in await self.facts(keys, "age")})
        known = [size for size in held.values() if size is not None]
        sizes = StoreSizes(len(held), sum(known) if len(known) == len(held) else None)
        if self.monitor is not None:
            self.monitor.hold(sizes.keys, sizes.bytes, shared=self.waits)
        return sizes

    @property
    def direct(self) -> "DirectStore":
        """The same methods without `await`; raises `TypeError` over an asynchronous client."""
        from perftui.cache.stores.direct import DirectStore

        return DirectStore(self)

    async def _read_one(self, key: str) -> Entry | None:
        return (await self._read((key,))).get(key)

    @abstractmethod
    async def _read(self, keys: tuple[str, ...]) -> dict[str, Entry]: ...

    @abstractmethod
    async def _remove(self, keys: Collection[str]) -> int: ...


class Unsupported(NotImplementedError):  # noqa: N818 - it says what is the matter
    """The library below cannot do it; the text says what and why.

    >>> from perftui import Unsupported
    >>> str(Unsupported("this backend cannot list its keys"))
    'this backend cannot list its keys'
    """
