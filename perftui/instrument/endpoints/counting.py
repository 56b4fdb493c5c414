"""Where requests, calls and websockets are counted: the only module of endpoints that writes into the store."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from perftui.instrument.endpoints.current import RequestInProgress
from perftui.instrument.endpoints.kinds import (
    ASKED,
    CALL,
    ENDPOINT,
    EXCEPTION,
    FIRST_BYTE,
    IN_FLIGHT,
    METHODS,
    OTHER,
    SLOW_REQUESTS,
    UNMATCHED,
    WEBSOCKET,
    WEBSOCKET_CLOSE,
)
from perftui.instrument.endpoints.live import LiveRequests
from perftui.instrument.endpoints.slow import SlowRequests
from perftui.instrument.store.block import Block
from perftui.instrument.store.bounds import Bound, other_but_last
from perftui.instrument.store.table import BlockTable

if TYPE_CHECKING:
    from perftui.instrument.registry import Registry

MOST_OTHERS = 500
LONGEST_ROUTE = 300
_LONGEST_CLASS = 100


def known_method(method: object) -> str:
    """One of nine methods, or `(other)`: clients may send any text."""
    return method if isinstance(method, str) and method in METHODS else OTHER


class Handle(NamedTuple):
    """How requests of one method, route and status are counted."""

    record: Callable[..., None]
    """That of a block: with `SENT`, the bytes that were sent are counted in the same call."""
    add_read: Callable[[float], None]
    add_asked: Callable[[RequestInProgress], None]
    """For those that asked a database or a cache."""


def _adder_of_asked(block: Block) -> Callable[[RequestInProgress], None]:
    first = block.kind.counters.index(ASKED[0])
    add_queries, add_query_us, add_calls, add_cache_us = (block.adder(first + place) for place in range(len(ASKED)))

    def add(request: RequestInProgress) -> None:
        if request.queries:
            add_queries(request.queries)
            add_query_us(request.query_s * 1e6)
        if request.gets:
            add_calls(request.gets)
            add_cache_us(request.cache_s * 1e6)

    return add


class EndpointCounts:
    """The tables of one registry. Bounded; what is beyond the bound stands as `(other)`."""

    def __init__(self, store: "Registry", most: int = 2000) -> None:
        """`most`: series of method, route and status."""
        self._most, self._store = most, store
        self.live, self.slow = LiveRequests(), SlowRequests()
        self.handles: dict[tuple[str, str, int], Handle] = {}
        """For the middlewares: what was asked for before."""
        store.bounds[ENDPOINT.name] = Bound(most, other_but_last)
        # Statuses of the overflow's route come on top.
        self._endpoints = BlockTable(store, ENDPOINT, most + 600)
        self._first_bytes = BlockTable(store, FIRST_BYTE, most)
        self._exceptions = BlockTable(store, EXCEPTION, MOST_OTHERS)
        self._calls = BlockTable(store, CALL, MOST_OTHERS)
        self._websockets = BlockTable(store, WEBSOCKET, MOST_OTHERS)
        self._closes = BlockTable(store, WEBSOCKET_CLOSE, 2 * MOST_OTHERS)
        store.publish(IN_FLIGHT, self.live.published)
        store.publish(SLOW_REQUESTS, self.slow.published)
        for table in (self, self.live, self.slow):
            store.forget_after_fork(table)

    def handle(self, method: str, route: str, status: int) -> Handle:
        """For requests of a method that `kinds.METHODS` knows."""
        return self.handles.get((method, route, status)) or self._make(method, route, status)

    def record(self, method: str, route: str, status: int, now: float, seconds: float) -> None:
        """Count a request that ended at `now`, on the monotonic clock: for servers that are neither ASGI nor WSGI."""
        self.handle(known_method(method), route, status).record(now, seconds)

    def first_byte(self, method: str, route: str) -> Block:
        return self._first_bytes.get(method, route[:LONGEST_ROUTE])

    def raised(self, method: str, route: str | None, error: type | None) -> None:
        """Count an exception by its class."""
        name = OTHER if error is None else error.__name__[:_LONGEST_CLASS]
        self._exceptions.get(method, (route or UNMATCHED)[:LONGEST_ROUTE], name).add(0)

    def call(self, name: str) -> Block:
        """A monitored function."""
        return self._calls.get(name[:LONGEST_ROUTE])

    def websocket(self, route: str) -> Block:
        return self._websockets.get(route[:LONGEST_ROUTE])

    def closed(self, route: str, code: str) -> None:
        """Count the end of a websocket."""
        self._closes.get(route[:LONGEST_ROUTE], code).add(0)

    def fault(self, where: str) -> None:
        """Something failed in here: it is counted, and the application goes on."""
        self._store.faults[where] += 1

    def forget(self) -> None:
        """After a fork."""
        self.handles = {}

    def _make(self, method: str, route: str, status: int) -> Handle:
        asked = (method, route, status)
        if not 100 <= status <= 599:
            status = 599
        full = len(self.handles) >= self._most
        block = self._endpoints.get(*((OTHER, OTHER) if full else (method, route[:LONGEST_ROUTE])), str(status))
        made = Handle(block.record, block.adder(0), _adder_of_asked(block))
        return made if full else self.handles.setdefault(asked, made)
