"""The interface of all stores. What is got, set and deleted through it is told to the `CacheMonitor`."""

import time
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from perftui.cache.entry import FOREVER, Entry, EntryFacts, Stamp, StoreSizes

if TYPE_CHECKING:
    from perftui.cache.stores.direct import DirectStore
    from perftui.instrument import CacheMonitor

Tags = Iterable[str] | Stamp
"""Names; or names with the generation that they had before the value was made."""
Wanted = Literal["age", "use"]
CHUNK = 500
"""Keys in one command or one step, at most."""


class CacheStore(ABC):
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

    def __init__(self, monitor: "CacheMonitor | None" = None, clock: Callable[[], float] = time.time) -> None:
        self.monitor, self.clock = monitor, clock

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

    async def set(self, key: str, value: Any, ttl_s: float | None = None, tags: Tags = ()) -> None:
        """Keep one value; `ttl_s` None: until it is deleted."""
        await self.set_many({key: value}, ttl_s, tags)

    async def set_many(
        self, values: Mapping[str, Any], ttl_s: float | None = None, tags: Tags = (), *, fresh_s: float | None = None
    ) -> None:
        """Keep values with one lifetime and the same tags. After `fresh_s` they are held, but no longer fresh."""
        if ttl_s is not None and ttl_s <= 0:
            raise ValueError("ttl_s must be above 0, or None for no end")
        if not values:
            return
        started = time.monotonic()
        with self.failures():
            names = () if isinstance(tags, Mapping) else tuple(dict.fromkeys(tags))
            stamp = tags if isinstance(tags, Mapping) else await self._generations(names) if names else {}
            now = self.clock()
            fresh_until = now + (fresh_s if fresh_s is not None else ttl_s or FOREVER)
            expires_at = now + (ttl_s or FOREVER)
            await self._write({key: Entry(value, now, fresh_until, expires_at, stamp) for key, value in values.items()})
        self._tell_set(values, time.monotonic() - started)

    async def delete(self, key: str) -> bool:
        """Whether there was something."""
        return await self.delete_many((key,)) > 0

    async def delete_many(self, keys: Iterable[str]) -> int:
        """How many there were."""
        number = await self.remove(tuple(dict.fromkeys(keys)))
        if self.monitor is not None:
            self.monitor.delete(number)
        return number

    async def stamp(self, tags: Iterable[str]) -> Stamp:
        """The tags' generations now. Take it before a value is made and pass it to `set`: a tag that is invalidated
        meanwhile then takes the value with it."""
        names = tuple(dict.fromkeys(tags))
        with self.failures():
            return await self._generations(names) if names else {}

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

    @abstractmethod
    async def acquire(self, name: str, seconds: float) -> str | None:
        """A token for the one who may do what others might do too, for so long; `None` where somebody has it."""

    @abstractmethod
    async def release(self, name: str, token: str) -> None:
        """Give the token of `acquire` back."""

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
    async def _write(self, entries: Mapping[str, Entry]) -> None: ...

    @abstractmethod
    async def _remove(self, keys: Collection[str]) -> int: ...

    @abstractmethod
    async def _generations(self, tags: tuple[str, ...]) -> Stamp: ...

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Counts an error and lets it go on."""
        try:
            yield
        except Exception:
            if self.monitor is not None:
                self.monitor.error()
            raise

    def _tell_got(self, asked: tuple[str, ...], found: Mapping[str, Entry], seconds: float) -> None:
        monitor = self.monitor
        if monitor is None:
            return
        for key in asked:
            if key in found:
                monitor.hit(key)
                monitor.value(found[key].value)
            else:
                monitor.miss(key)
        if asked:
            monitor.get_took(seconds)

    def _tell_set(self, values: Mapping[str, Any], seconds: float) -> None:
        if self.monitor is not None:
            self.monitor.set(seconds, len(values))
            for value in values.values():
                self.monitor.value(value)


class Unsupported(NotImplementedError):  # noqa: N818 - it says what is the matter
    """The library below cannot do it; the text says what and why.

    >>> from perftui import Unsupported
    >>> str(Unsupported("this backend cannot list its keys"))
    'this backend cannot list its keys'
    """
