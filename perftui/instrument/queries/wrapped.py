"""Collections whose every call gives its result and what it cost."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from perftui.instrument.queries.calls import CALLS, Call

if TYPE_CHECKING:
    from pymongo.collection import Collection
    from pymongo.results import (
        BulkWriteResult,
        DeleteResult,
        InsertManyResult,
        InsertOneResult,
        UpdateResult,
    )

    from perftui.instrument.queries.explained import Explained
    from perftui.instrument.queries.monitor import MongoMonitor

Document = TypeVar("Document", bound="dict[str, Any]")
Result = TypeVar("Result")
Filter = Mapping[str, Any]


class CallMetrics(NamedTuple):
    """What one call cost.

    >>> from pymongo import MongoClient
    >>> from perftui import MongoMonitor, Registry
    >>> monitor = MongoMonitor(Registry("shop"))
    >>> with MongoClient("mongodb://localhost", event_listeners=[monitor]) as client:
    ...     found, metrics = monitor.wrap(client.perftui_example.items).find_one({"sku": 7})
    >>> found, metrics.op, metrics.commands
    (None, 'find', 1)
    """

    duration_s: float
    """From the call to its last document, as the application waits."""
    command_s: float
    """Of it within commands."""
    shape_id: str | None
    """As in the document and in the monitor; `None` where the call sent no command."""
    collection: str
    op: str | None
    returned: int
    """Documents or values."""
    commands: int
    """Without the further batches of a cursor; more than one for a retry or a large write."""
    batches: int
    plan: "Explained | None"
    """The shape's newest plan, where it was explained."""


def metrics_of(call: Call, duration_s: float, collection: str, monitor: "MongoMonitor") -> CallMetrics:
    """Of a call that ended."""
    counts = call.counts
    return CallMetrics(
        duration_s=duration_s,
        command_s=call.seconds,
        shape_id=None if counts is None else counts.id,
        collection=collection,
        op=None if counts is None else counts.op,
        returned=call.returned,
        commands=call.commands,
        batches=call.batches,
        plan=None if counts is None else monitor.plan_of(counts.id),
    )


def wrap(collection: Any, monitor: "MongoMonitor") -> Any:
    """Of the same kind, sync or async. Raises `ValueError` where the monitor does not listen to its client.

    Motor's clients are counted, but hand their calls to threads before anybody can say which call they belong to.
    """
    client = collection.database.client
    if monitor not in client.options.event_listeners:
        raise ValueError(
            "the collection's client is not measured by this monitor: make it with "
            "MongoClient(..., event_listeners=[monitor]), or after monitor.install()"
        )
    from pymongo import AsyncMongoClient, MongoClient

    from perftui.instrument.queries.wrapped_async import AsyncMeasuredCollection

    if isinstance(client, MongoClient):
        return MeasuredCollection(collection, monitor)
    if isinstance(client, AsyncMongoClient):
        return AsyncMeasuredCollection(collection, monitor)
    raise ValueError(
        f"a collection of {type(client).__module__.partition('.')[0]} cannot be wrapped: wrap one of PyMongo's "
        "MongoClient or AsyncMongoClient; what this client sends is counted all the same"
    )


class MeasuredCollection(Generic[Document]):
    """Methods of a PyMongo collection with its arguments. `find` and `aggregate` read to the end."""

    def __init__(self, collection: "Collection[Document]", monitor: "MongoMonitor") -> None:
        self.collection, self._monitor = collection, monitor

    def find(self, filter: Filter | None = None, *args: Any, **options: Any) -> tuple[list[Document], CallMetrics]:
        return self._measure(lambda: list(self.collection.find(filter, *args, **options)))

    def find_one(self, filter: Filter | None = None, *args: Any, **options: Any) -> tuple[Document | None, CallMetrics]:
        return self._measure(lambda: self.collection.find_one(filter, *args, **options))

    def aggregate(self, pipeline: Sequence[Filter], **options: Any) -> tuple[list[Document], CallMetrics]:
        return self._measure(lambda: list(self.collection.aggregate(pipeline, **options)))

    def count_documents(self, filter: Filter, **options: Any) -> tuple[int, CallMetrics]:
        return self._measure(lambda: self.collection.count_documents(filter, **options))

    def estimated_document_count(self, **options: Any) -> tuple[int, CallMetrics]:
        return self._measure(lambda: self.collection.estimated_document_count(**options))

    def distinct(self, key: str, filter: Filter | None = None, **options: Any) -> tuple[list[Any], CallMetrics]:
        return self._measure(lambda: self.collection.distinct(key, filter, **options))

    def insert_one(self, document: Document, **options: Any) -> "tuple[InsertOneResult, CallMetrics]":
        return self._measure(lambda: self.collection.insert_one(document, **options))

    def insert_many(self, documents: Iterable[Document], **options: Any) -> "tuple[InsertManyResult, CallMetrics]":
        return self._measure(lambda: self.collection.insert_many(documents, **options))

    def update_one(self, filter: Filter, update: Any, **options: Any) -> "tuple[UpdateResult, CallMetrics]":
        return self._measure(lambda: self.collection.update_one(filter, update, **options))

    def update_many(self, filter: Filter, update: Any, **options: Any) -> "tuple[UpdateResult, CallMetrics]":
        return self._measure(lambda: self.collection.update_many(filter, update, **options))

    def replace_one(self, filter: Filter, replacement: Any, **options: Any) -> "tuple[UpdateResult, CallMetrics]":
        return self._measure(lambda: self.collection.replace_one(filter, replacement, **options))

    def delete_one(self, filter: Filter, **options: Any) -> "tuple[DeleteResult, CallMetrics]":
        return self._measure(lambda: self.collection.delete_one(filter, **options))

    def delete_many(self, filter: Filter, **options: Any) -> "tuple[DeleteResult, CallMetrics]":
        return self._measure(lambda: self.collection.delete_many(filter, **options))

    def find_one_and_update(self, filter: Filter, update: Any, **options: Any) -> tuple[Document | None, CallMetrics]:
        return self._measure(lambda: self.collection.find_one_and_update(filter, update, **options))

    def find_one_and_replace(
        self, filter: Filter, replacement: Any, **options: Any
    ) -> tuple[Document | None, CallMetrics]:
        return self._measure(lambda: self.collection.find_one_and_replace(filter, replacement, **options))

    def find_one_and_delete(self, filter: Filter, **options: Any) -> tuple[Document | None, CallMetrics]:
        return self._measure(lambda: self.collection.find_one_and_delete(filter, **options))

    def bulk_write(self, requests: Sequence[Any], **options: Any) -> "tuple[BulkWriteResult, CallMetrics]":
        return self._measure(lambda: self.collection.bulk_write(requests, **options))

    def _measure(self, run: Callable[[], Result]) -> tuple[Result, CallMetrics]:
        started = perf_counter()
        with CALLS.begin() as call:
            result = run()
        return result, metrics_of(call, perf_counter() - started, self.collection.full_name, self._monitor)
