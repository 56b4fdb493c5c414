"""Tags of what is warmed."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.cache.entry import Stamp
from perftui.cache.loading import attempt

if TYPE_CHECKING:
    from perftui.cache.warming import Store

TagsOf = Callable[[str], Iterable[str]]
"""The tags of a key's value."""


class Begun(NamedTuple):
    """What a store knew of keys before they were loaded."""

    stamps: Mapping[str, Stamp]
    tokens: Mapping[str, str]


class WarmTags:
    """Keeps values in a store under the generations that their tags had before they were loaded, unless their keys were
    removed since: what is invalidated while it is being loaded is then not warm."""

    def __init__(self, store: "Store", tags_of: TagsOf | None) -> None:
        """Raises `TypeError` for tags in a store that has none."""
        if tags_of is not None and not hasattr(store, "stamp"):
            raise TypeError(f"{type(store).__name__} keeps no tags: warm a CacheStore, or leave tags out")
        self._store: Any = store
        self._tags_of = tags_of
        self._knows_loads = hasattr(store, "set_loaded")

    @asynccontextmanager
    async def loading(self, keys: Sequence[str]) -> AsyncIterator[Begun]:
        """Around the making of the values."""
        tokens: Mapping[str, str] = await self._store.begin_loads(keys) if self._knows_loads else {}
        try:
            yield Begun(await self._stamps(keys), tokens)
        finally:
            if tokens:
                await attempt(self._store.end_loads(tokens), None)

    async def _stamps(self, keys: Sequence[str]) -> Mapping[str, Stamp]:
        """By key; empty without tags."""
        if self._tags_of is None:
            return {}
        names = {key: tuple(self._tags_of(key)) for key in keys}
        now: Stamp = await self._store.stamp(tag for tags in names.values() for tag in tags)
        return {key: {tag: now[tag] for tag in tags} for key, tags in names.items()}

    async def keep(self, key: str, value: Any, ttl_s: int, begun: Begun) -> None:
        if self._knows_loads:
            await self._store.set_loaded(key, value, begun.tokens[key], ttl_s, begun.stamps.get(key, {}))
        elif self._tags_of is None:
            await self._store.set(key, value, ttl_s)
        else:
            await self._store.set(key, value, ttl_s, begun.stamps[key])
