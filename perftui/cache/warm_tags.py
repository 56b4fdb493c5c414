"""Tags of what is warmed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from perftui.cache.entry import Stamp

if TYPE_CHECKING:
    from perftui.cache.warming import Store

TagsOf = Callable[[str], Iterable[str]]
"""The tags of a key's value."""


class WarmTags:
    """Keeps values in a store, under the generations that their tags had before they were loaded: what is invalidated
    while it is being loaded is then not warm."""

    def __init__(self, store: "Store", tags_of: TagsOf | None) -> None:
        """Raises `TypeError` for tags in a store that has none."""
        if tags_of is not None and not hasattr(store, "stamp"):
            raise TypeError(f"{type(store).__name__} keeps no tags: warm a CacheStore, or leave tags out")
        self._store: Any = store
        self._tags_of = tags_of

    async def before_load(self, keys: Sequence[str]) -> Mapping[str, Stamp]:
        """By key; empty without tags."""
        if self._tags_of is None:
            return {}
        names = {key: tuple(self._tags_of(key)) for key in keys}
        now: Stamp = await self._store.stamp(tag for tags in names.values() for tag in tags)
        return {key: {tag: now[tag] for tag in tags} for key, tags in names.items()}

    async def keep(self, key: str, value: Any, ttl_s: int, stamps: Mapping[str, Stamp]) -> None:
        if self._tags_of is None:
            await self._store.set(key, value, ttl_s)
        else:
            await self._store.set(key, value, ttl_s, stamps[key])
