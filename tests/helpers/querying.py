"""Monitored clients of a real server, and what their monitor counted."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient

from perftui.advice.shapes.shape import shape_of
from perftui.instrument import MongoMonitor, Registry, build_document
from perftui.instrument.endpoints.current import CURRENT, RequestInProgress
from perftui.model.metrics import QueryDocument, QueryShapeDocument
from perftui.servers import MongodProcess

Client = MongoClient[dict[str, Any]]


@contextmanager
def measured(mongod: MongodProcess, monitor: MongoMonitor, **options: Any) -> Iterator[Client]:
    with Client(mongod.uri, event_listeners=[monitor], **options) as client:
        yield client


def queries(registry: Registry) -> QueryDocument:
    """What was counted, and nothing failed inside."""
    assert not registry.faults, registry.faults
    document = build_document(registry, sections=("query",)).query
    assert document is not None
    return document


def shape(document: QueryDocument, command: dict[str, Any], database: str) -> QueryShapeDocument:
    """Of a command as the monitor would see it in the profile."""
    wanted = shape_of(command, f"{database}.{next(iter(command.values()))}").id
    return next(one for one in document.shapes if one.id == wanted)


class Request(RequestInProgress):
    """A request that a route took."""

    __slots__ = ("_route",)

    def __init__(self, method: str, route: str | None) -> None:
        super().__init__(method)
        self._route = route

    def route(self) -> str | None:
        return self._route


@contextmanager
def in_request(method: str, route: str | None) -> Iterator[Request]:
    """Whatever runs inside belongs to this request."""
    request = Request(method, route)
    token = CURRENT.set(request)
    try:
        yield request
    finally:
        CURRENT.reset(token)
