"""Results of queries, kept until their collection changes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

from perftui.cache.change_watch import ChangeWatch
from perftui.cache.query_results import LARGEST, Document, QueryResults, with_projection
from perftui.cache.read_through import ReadThrough
from perftui.cache.stores.base import CacheStore
from perftui.cache.stores.direct import run_now

if TYPE_CHECKING:
    from pymongo.collection import Collection

R = TypeVar("R")


class QueryCache(QueryResults):
    """Results of a PyMongo collection's queries; options are PyMongo's, and results are copies.

    A result is kept for `ttl_s`, or until the collection changes where the server has change streams (replica sets and
    sharded clusters): `invalidation` says which, and `why`. The change reaches the cache a moment after the write.
    Without change streams call `invalidate` after your own writes. What a pipeline joins ends with the cache of the
    joined collection, if that is watched too.

    ```python
    from perftui import MemoryStore, QueryCache
    from pymongo import MongoClient

    with MongoClient("mongodb://localhost") as client:
        products = client.perftui_example.products
        with QueryCache(products, MemoryStore(), ttl_s=60) as cache:
            cached = cache.find({"price": {"$lt": 5}}, sort=[("price", 1)], limit=10)
            assert cached == cache.find({"price": {"$lt": 5}}, sort=[("price", 1)], limit=10)
            print(cache.invalidation, cache.why)
    ```
    """

    _watch: ChangeWatch

    def __init__(
        self,
        collection: "Collection[Any]",
        store: CacheStore,
        ttl_s: float = 60.0,
        *,
        stale_s: float = 0.0,
        tags: Iterable[str] = (),
        largest: int = LARGEST,
    ) -> None:
        """`tags` stand on every result; a result of more than `largest` bytes is given out and not kept."""
        super().__init__(collection, store, largest, tags)
        self._collection = collection
        self._reads = ReadThrough(store, ttl_s, stale_s, keep=self._fits)
        self._watch = ChangeWatch(collection, self.invalidate)

    def start(self, timeout_s: float = 10.0) -> None:
        """Watch the collection; returns once it is known whether the server has change streams, or after the time."""
        self._watch.start(timeout_s)

    def stop(self) -> None:
        """Watch no more: results live by their TTL from now on."""
        self._watch.stop()

    def __enter__(self) -> "QueryCache":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def find(
        self,
        filter: Mapping[str, Any] | None = None,
        projection: Any = None,
        *,
        tags: Iterable[str] = (),
        **options: Any,
    ) -> list[Document]:
        """All documents, as `list(collection.find(filter, **options))`."""
        options = with_projection(options, projection)
        collection = self._collection
        return self._got(self._find(filter, options), lambda: list(collection.find(filter, **options)), tags)

    def find_one(
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
        return self._got(self._one(filter, options), lambda: collection.find_one(filter, **options), tags)

    def count_documents(self, filter: Mapping[str, Any], *, tags: Iterable[str] = (), **options: Any) -> int:
        collection = self._collection
        return self._got(self._count(filter, options), lambda: collection.count_documents(filter, **options), tags)

    def distinct(
        self,
        key: str,
        filter: Mapping[str, Any] | None = None,
        *,
        tags: Iterable[str] = (),
        **options: Any,
    ) -> list[Any]:
        collection = self._collection
        return self._got(
            self._distinct(key, filter, options), lambda: collection.distinct(key, filter, **options), tags
        )

    def aggregate(
        self, pipeline: Sequence[Mapping[str, Any]], *, tags: Iterable[str] = (), **options: Any
    ) -> list[Document]:
        """All documents; raises `ValueError` for a pipeline that writes."""
        collection = self._collection
        return self._got(
            self._aggregate(pipeline, options),
            lambda: list(collection.aggregate(list(pipeline), **options)),
            (*tags, *self._joined(pipeline)),
        )

    def invalidate(self) -> int | None:
        """All results of the collection are gone; how many there were."""
        return self._ended(run_now(self.store.invalidate_tag(self.tag)))

    def _got(self, key: str, load: Callable[[], R], tags: Iterable[str]) -> R:
        data = self._reads.get(key, lambda: self._codec.encode(load()), tags=(*self._tags, *tags))
        return cast("R", self._codec.decode(data))
