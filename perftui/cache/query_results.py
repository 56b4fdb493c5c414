"""What the caches of queries have in common, for both kinds of collection."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from perftui.cache.codec import BsonCodec
from perftui.cache.query_key import (
    aggregate_command,
    find_command,
    joined_collections,
    plain_options,
    query_key,
    query_tag,
)
from perftui.cache.stores.base import CacheStore

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.collection import Collection

    from perftui.cache.change_watch import AsyncChangeWatch, ChangeWatch

Document = dict[str, Any]
LARGEST = 1_048_576
"""Bytes of a result that is kept."""


class QueryResults:
    """Keys and tags of one collection's results, their encoding, and what ends them."""

    _watch: "ChangeWatch | AsyncChangeWatch"

    def __init__(
        self,
        collection: "Collection[Any] | AsyncCollection[Any]",
        store: CacheStore,
        largest: int,
        tags: Iterable[str],
    ) -> None:
        self.store, self.namespace = store, collection.full_name
        self.tag = query_tag(self.namespace)
        self._tags = (self.tag, *tags)
        self._name, self._codec = collection.name, BsonCodec(collection.codec_options)
        self._largest = largest

    @property
    def invalidation(self) -> str:
        """`change stream` or `ttl`."""
        return self._watch.state.invalidation

    @property
    def why(self) -> str:
        """Why results are not invalidated by a change stream; empty where they are."""
        return self._watch.state.why

    def _ended(self, gone: int | None) -> int | None:
        """Count results that an invalidation ended."""
        if self.store.monitor is not None:
            self.store.monitor.evict(gone or 0, "invalidated")
        return gone

    def _joined(self, pipeline: Sequence[Mapping[str, Any]]) -> list[str]:
        database = self.namespace[: -len(self._name) - 1]
        return [query_tag(f"{database}.{name}") for name in sorted(joined_collections(pipeline))]

    def _fits(self, data: bytes) -> bool:
        return len(data) <= self._largest

    def _find(self, filter: Mapping[str, Any] | None, options: Mapping[str, Any]) -> str:
        return query_key(find_command(self._name, filter, options), self.namespace)

    def _one(self, filter: Mapping[str, Any] | None, options: Mapping[str, Any]) -> str:
        """Not as `find` with a limit, whose result is a list."""
        command = {**find_command(self._name, filter, options), "limit": 1, "singleBatch": True}
        return query_key(command, self.namespace)

    def _count(self, filter: Mapping[str, Any], options: Mapping[str, Any]) -> str:
        return query_key({"count": self._name, "query": dict(filter), **plain_options(options)}, self.namespace)

    def _distinct(self, key: str, filter: Mapping[str, Any] | None, options: Mapping[str, Any]) -> str:
        command = {"distinct": self._name, "key": key, "query": dict(filter or {}), **plain_options(options)}
        return query_key(command, self.namespace)

    def _aggregate(self, pipeline: Sequence[Mapping[str, Any]], options: Mapping[str, Any]) -> str:
        return query_key(aggregate_command(self._name, pipeline, options), self.namespace)


def with_projection(options: Document, projection: Any) -> Document:
    return options if projection is None else {**options, "projection": projection}
