"""A store without `await`."""

from collections.abc import AsyncIterator, Collection, Coroutine, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from perftui.cache.entry import Entry, EntryFacts, Stamp, StoreSizes
from perftui.cache.stores.base import CacheStore, Wanted
from perftui.cache.stores.writing import Tags

T = TypeVar("T")


def run_now(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits. Raises `TypeError` for one that does."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise TypeError("this store waits: use it with await")


class DirectStore:
    """The methods of `CacheStore` for code that is not asynchronous.

    >>> from perftui import MemoryStore
    >>> store = MemoryStore().direct
    >>> store.set("user:1", "Ada", ttl_s=60)
    >>> store.get("user:1")
    'Ada'
    """

    def __init__(self, store: CacheStore) -> None:
        if store.waits:
            raise TypeError(f"{type(store).__name__} is over an asynchronous client: use it with await")
        self.store = store

    def get(self, key: str, default: Any = None) -> Any:
        return run_now(self.store.get(key, default))

    def get_many(self, keys: Iterable[str]) -> dict[str, Any]:
        return run_now(self.store.get_many(keys))

    def find(self, key: str) -> Entry | None:
        return run_now(self.store.find(key))

    def set(self, key: str, value: Any, ttl_s: float | None = None, tags: Tags = ()) -> None:
        run_now(self.store.set(key, value, ttl_s, tags))

    def set_many(
        self, values: Mapping[str, Any], ttl_s: float | None = None, tags: Tags = (), *, fresh_s: float | None = None
    ) -> None:
        run_now(self.store.set_many(values, ttl_s, tags, fresh_s=fresh_s))

    def delete(self, key: str) -> bool:
        return run_now(self.store.delete(key))

    def delete_many(self, keys: Iterable[str]) -> int:
        return run_now(self.store.delete_many(keys))

    def stamp(self, tags: Iterable[str]) -> Stamp:
        return run_now(self.store.stamp(tags))

    def scan(self, pattern: str = "*") -> Iterator[list[str]]:
        pages = self.store.scan(pattern).__aiter__()
        while True:
            page = run_now(_next(pages))
            if page is None:
                return
            yield page

    def facts(self, keys: Collection[str], wanted: Wanted) -> list[EntryFacts]:
        return run_now(self.store.facts(keys, wanted))

    def sizes(self) -> StoreSizes:
        return run_now(self.store.sizes())


async def _next(pages: AsyncIterator[list[str]]) -> list[str] | None:
    return await anext(pages, None)
