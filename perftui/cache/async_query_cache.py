"""The same for asynchronous collections."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from perftui.cache.async_read_through import AsyncReadThrough
from perftui.cache.change_watch import AsyncChangeWatch
from perftui.cache.query_results import LARGEST, Document, QueryResults, with_projection
from perftui.cache.stores.base import CacheStore

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection

R = TypeVar("R")


class AsyncQueryCache(QueryResults):
    """`QueryCache` for an `AsyncCollection`.

    ```python
    import asyncio

    from perftui import AsyncQueryCache, MemoryStore
    from pymongo import AsyncMongoClient


    async def main():
        async with AsyncMongoClient("mongodb://localhost") as client:
            products = client.perftui_example.products
            async with AsyncQueryCache(products, MemoryStore(), ttl_s=60) as cache:
                print(await cache.find({"price": {"$lt": 5}}), cache.invalidation)


    asyncio.run(main())
    ```
    """

    _watch: AsyncChangeWatch

    def __init__(
        self,
        collection: "AsyncCollection[Any]",
        store: CacheStore,
        ttl_s: float = 60.0,
        *,
        stale_s: float = 0.0,
        tags: Iterable[str] = (),
        largest: int = LARGEST,
    ) -> None:
        super().__init__(collection, store, largest, tags)
        self._collection = collection
        self._reads = AsyncReadThrough(store, ttl_s, stale_s, keep=self._fits)
        self._watch = AsyncChangeWatch(collection, self.invalidate)

    async def start(self, timeout_s: float = 10.0) -> None:
        """Watch the collection; returns once it is known whether the server has change streams, or after the time."""
        await self._watch.start(timeout_s)

    async def stop(self) -> None:
        """Watch no more: results live by their TTL from now on."""
        await self._watch.stop()

    async def __aenter__(self) -> "AsyncQueryCache":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def find(
        self,
        filter: Mapping[str, Any] | None = None,
        projection: Any = None,
        *,
        tags: Iterable[str] = (),
        **options: Any,
    ) -> list[Document]:
        """All documents, as `await collection.find(filter, **options).to_list()`."""
        options = with_projection(options, projection)
        collection = self._collection
        return await self._got(self._find(filter, options), lambda: collection.find(filter, **options).to_list(), tags)

    async def find_one(
        self,
        filter: Mapping[str, Any] | None = None,
        projection: Any = None,
        *,
        tags: Iterable[str] = (),
        **options: Any,
    ) -> Document | None:
        """That nothing was found is kept too."""
        options = with_projection(options, projection)
        collection = self._collection
        return await self._got(self._one(filter, options), lambda: collection.find_one(filter, **options), tags)

    async def count_documents(
        self,
        filter: Mapping[str, Any],
        *,
        tags: Iterable[str] = (),
        **options: Any,
    ) -> int:
        collection = self._collection
        return await self._got(
            self._count(filter, options), lambda: collection.count_documents(filter, **options), tags
        )

    async def distinct(
        self,
        key: str,
        filter: Mapping[str, Any] | None = None,
        *,
        tags: Iterable[str] = (),
        **options: Any,
    ) -> list[Any]:
        collection = self._collection
        return await self._got(
            self._distinct(key, filter, options), lambda: collection.distinct(key, filter, **options), tags
        )

    async def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], *, tags: Iterable[str] = (), **options: Any
    ) -> list[Document]:
        """All documents; raises `ValueError` for a pipeline that writes."""
        collection = self._collection

        async def load() -> list[Document]:
            return await (await collection.aggregate(list(pipeline), **options)).to_list()

        return await self._got(self._aggregate(pipeline, options), load, (*tags, *self._joined(pipeline)))

    async def invalidate(self) -> int | None:
        """All results of the collection are gone; how many there were."""
        return self._ended(await self.store.invalidate_tag(self.tag))

    async def _got(self, key: str, load: Callable[[], Awaitable[R]], tags: Iterable[str]) -> R:
        async def encoded() -> bytes:
            return self._codec.encode(await load())

        data = await self._reads.get(key, encoded, tags=(*self._tags, *tags))
        return cast("R", self._codec.decode(data))
