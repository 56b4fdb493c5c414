"""Async collections whose every call gives its result and what it cost."""

from collections.abc import Awaitable, Iterable, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic

from perftui.instrument.queries.calls import CALLS
from perftui.instrument.queries.wrapped import CallMetrics, Document, Filter, Result, metrics_of

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.results import (
        BulkWriteResult,
        DeleteResult,
        InsertManyResult,
        InsertOneResult,
        UpdateResult,
    )

    from perftui.instrument.queries.monitor import MongoMonitor


class AsyncMeasuredCollection(Generic[Document]):
    """Methods of PyMongo's async collection with its arguments. `find` and `aggregate` read to the end."""

    def __init__(self, collection: "AsyncCollection[Document]", monitor: "MongoMonitor") -> None:
        self.collection, self._monitor = collection, monitor

    async def find(
        self, filter: Filter | None = None, *args: Any, **options: Any
    ) -> tuple[list[Document], CallMetrics]:
        return await self._measure(self.collection.find(filter, *args, **options).to_list())

    async def find_one(
        self, filter: Filter | None = None, *args: Any, **options: Any
    ) -> tuple[Document | None, CallMetrics]:
        return await self._measure(self.collection.find_one(filter, *args, **options))

    async def aggregate(self, pipeline: Sequence[Filter], **options: Any) -> tuple[list[Document], CallMetrics]:
        return await self._measure(self._aggregated(pipeline, options))

    async def count_documents(self, filter: Filter, **options: Any) -> tuple[int, CallMetrics]:
        return await self._measure(self.collection.count_documents(filter, **options))

    async def estimated_document_count(self, **options: Any) -> tuple[int, CallMetrics]:
        return await self._measure(self.collection.estimated_document_count(**options))

    async def distinct(self, key: str, filter: Filter | None = None, **options: Any) -> tuple[list[Any], CallMetrics]:
        return await self._measure(self.collection.distinct(key, filter, **options))

    async def insert_one(self, document: Document, **options: Any) -> "tuple[InsertOneResult, CallMetrics]":
        return await self._measure(self.collection.insert_one(document, **options))

    async def insert_many(
        self, documents: Iterable[Document], **options: Any
    ) -> "tuple[InsertManyResult, CallMetrics]":
        return await self._measure(self.collection.insert_many(documents, **options))

    async def update_one(self, filter: Filter, update: Any, **options: Any) -> "tuple[UpdateResult, CallMetrics]":
        return await self._measure(self.collection.update_one(filter, update, **options))

    async def update_many(self, filter: Filter, update: Any, **options: Any) -> "tuple[UpdateResult, CallMetrics]":
        return await self._measure(self.collection.update_many(filter, update, **options))

    async def replace_one(self, filter: Filter, replacement: Any, **options: Any) -> "tuple[UpdateResult, CallMetrics]":
        return await self._measure(self.collection.replace_one(filter, replacement, **options))

    async def delete_one(self, filter: Filter, **options: Any) -> "tuple[DeleteResult, CallMetrics]":
        return await self._measure(self.collection.delete_one(filter, **options))

    async def delete_many(self, filter: Filter, **options: Any) -> "tuple[DeleteResult, CallMetrics]":
        return await self._measure(self.collection.delete_many(filter, **options))

    async def find_one_and_update(
        self, filter: Filter, update: Any, **options: Any
    ) -> tuple[Document | None, CallMetrics]:
        return await self._measure(self.collection.find_one_and_update(filter, update, **options))

    async def find_one_and_replace(
        self, filter: Filter, replacement: Any, **options: Any
    ) -> tuple[Document | None, CallMetrics]:
        return await self._measure(self.collection.find_one_and_replace(filter, replacement, **options))

    async def find_one_and_delete(self, filter: Filter, **options: Any) -> tuple[Document | None, CallMetrics]:
        return await self._measure(self.collection.find_one_and_delete(filter, **options))

    async def bulk_write(self, requests: Sequence[Any], **options: Any) -> "tuple[BulkWriteResult, CallMetrics]":
        return await self._measure(self.collection.bulk_write(requests, **options))

    async def _aggregated(self, pipeline: Sequence[Filter], options: dict[str, Any]) -> list[Document]:
        return await (await self.collection.aggregate(pipeline, **options)).to_list()

    async def _measure(self, run: Awaitable[Result]) -> tuple[Result, CallMetrics]:
        started = perf_counter()
        with CALLS.begin() as call:
            result = await run
        return result, metrics_of(call, perf_counter() - started, self.collection.full_name, self._monitor)
