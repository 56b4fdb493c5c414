"""What is kept in a store, and what is not since its key was removed while it was being loaded."""

import time
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from perftui.cache.entry import FOREVER, Entry, Stamp
from perftui.cache.stores.counted import Counted

Tags = Iterable[str] | Stamp
"""Names; or names with the generation that they had before the value was made."""


class Writing(Counted):
    """A part of `CacheStore`."""

    async def set(self, key: str, value: Any, ttl_s: float | None = None, tags: Tags = ()) -> None:
        """Keep one value, as `set_many` does."""
        await self.set_many({key: value}, ttl_s, tags)

    async def set_many(
        self, values: Mapping[str, Any], ttl_s: float | None = None, tags: Tags = (), *, fresh_s: float | None = None
    ) -> None:
        """Keep values with one lifetime and the same tags. After `fresh_s` they are held, but no longer fresh.

        Raises `ValueError` unless `ttl_s` is above 0, or None: until they are deleted.
        """
        if not values:
            _check(ttl_s)
            return
        started = time.monotonic()
        entries = await self._as_entries(values, ttl_s, tags, fresh_s)
        with self.failures():
            await self._write(entries)
        self._tell_set(values, time.monotonic() - started)

    async def set_loaded(
        self,
        key: str,
        value: Any,
        token: str,
        ttl_s: float | None = None,
        tags: Tags = (),
        *,
        fresh_s: float | None = None,
    ) -> bool:
        """Keep what was loaded, unless the key was removed since `acquire` or `begin_loads` gave the token; whether it
        was kept. Times are those of `set_many`, and are refused alike."""
        started = time.monotonic()
        entries = await self._as_entries({key: value}, ttl_s, tags, fresh_s)
        with self.failures():
            kept = await self._write_loaded(key, entries[key], token)
        if kept:
            self._tell_set({key: value}, time.monotonic() - started)
        return kept

    async def _as_entries(
        self, values: Mapping[str, Any], ttl_s: float | None, tags: Tags, fresh_s: float | None
    ) -> dict[str, Entry]:
        _check(ttl_s)
        names = () if isinstance(tags, Mapping) else tuple(dict.fromkeys(tags))
        with self.failures():
            stamp = tags if isinstance(tags, Mapping) else await self._generations(names) if names else {}
        now = self.clock()
        fresh_until = now + (fresh_s if fresh_s is not None else ttl_s or FOREVER)
        expires_at = now + (ttl_s or FOREVER)
        return {key: Entry(value, now, fresh_until, expires_at, stamp) for key, value in values.items()}

    async def stamp(self, tags: Iterable[str]) -> Stamp:
        """The tags' generations now. Take it before a value is made and pass it to `set`: a tag that is invalidated
        meanwhile then takes the value with it."""
        names = tuple(dict.fromkeys(tags))
        with self.failures():
            return await self._generations(names) if names else {}

    @abstractmethod
    async def acquire(self, name: str, seconds: float) -> str | None:
        """A token for the one who may do what others might do too, for so long; `None` where somebody has it. Where the
        name is a key, it is the token of a load as well."""

    @abstractmethod
    async def release(self, name: str, token: str) -> None:
        """Give the token of `acquire` back."""

    async def begin_loads(self, keys: Iterable[str]) -> Mapping[str, str]:
        """Tokens for `set_loaded`, without a lock. Take them before values are made, and end them."""
        asked = tuple(dict.fromkeys(keys))
        with self.failures():
            return await self._begin_loads(asked) if asked else {}

    async def end_loads(self, tokens: Mapping[str, str]) -> None:
        with self.failures():
            if tokens:
                await self._end_loads(tokens)

    async def forget_loads(self, pattern: str) -> None:
        """What is being loaded for keys that match is not kept."""
        with self.failures():
            await self._forget_loads(pattern)

    @abstractmethod
    async def _write(self, entries: Mapping[str, Entry]) -> None: ...

    async def _write_loaded(self, key: str, entry: Entry, token: str) -> bool:  # noqa: ARG002
        """A store that can, looks whether the load still holds its token, and writes, in one step."""
        await self._write({key: entry})
        return True

    async def _begin_loads(self, keys: tuple[str, ...]) -> Mapping[str, str]:
        return dict.fromkeys(keys, "")

    async def _end_loads(self, tokens: Mapping[str, str]) -> None: ...

    async def _forget_loads(self, pattern: str) -> None: ...

    @abstractmethod
    async def _generations(self, tags: tuple[str, ...]) -> Stamp: ...


def _check(ttl_s: float | None) -> None:
    """Here for all ways into a store: a 0 would be taken for no end."""
    if ttl_s is not None and not ttl_s > 0:
        raise ValueError("ttl_s must be above 0, or None for no end")
