"""The listener for PyMongo's clients, sync and async: every command by collection, operation and shape; every pool."""

from typing import TYPE_CHECKING, Any, TypeVar, overload

from pymongo import monitoring

from perftui.instrument.endpoints.current import need_current_request
from perftui.instrument.queries.commands import Commands, Limits
from perftui.instrument.queries.comments import send_comments
from perftui.instrument.queries.explained import Explained
from perftui.instrument.queries.explaining import Explaining, ExplainLimits
from perftui.instrument.queries.pools import Pools
from perftui.instrument.registry import Registry, default_registry

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.collection import Collection

    from perftui.instrument.queries.explain_client import Source
    from perftui.instrument.queries.wrapped import MeasuredCollection
    from perftui.instrument.queries.wrapped_async import AsyncMeasuredCollection

_LIMITS = ExplainLimits()
Document = TypeVar("Document", bound="dict[str, Any]")


class MongoMonitor(Commands, monitoring.CommandListener, monitoring.ConnectionPoolListener):
    """`MongoClient(uri, event_listeners=[MongoMonitor()])`, or `MongoMonitor().install()` before any client is made.

    >>> from perftui import MongoMonitor, Registry
    >>> monitor = MongoMonitor(Registry("shop"), slow_ms=200, comment=True)
    >>> monitor.sends_comments
    True
    """

    def __init__(
        self,
        registry: Registry | None = None,
        *,
        slow_ms: float | None = None,
        warning_ms: float = 50.0,
        explain_with: "Source | None" = None,
        explain_limits: ExplainLimits = _LIMITS,
        comment: bool = False,
        callers: bool = True,
    ) -> None:
        """`slow_ms` is the registry's where it is not given.

        `explain_with`: a `MongoClient`, a URI, or a function that makes a client: slow commands are explained with it.
        `comment`: send each command's endpoint with it. `callers`: count which endpoints send which shapes.
        """
        self.registry = registry or default_registry()
        slow_s = self.registry.queries.slow_s if slow_ms is None else slow_ms / 1000
        limits = Limits(min(warning_ms / 1000, slow_s), slow_s)
        explaining = None if explain_with is None else Explaining(self.registry, explain_with, explain_limits)
        super().__init__(self.registry.queries, limits, explaining, callers=callers)
        self._pools = Pools(self.registry, self._is_own)
        for part in (self, self._pools, explaining):
            if part is not None:
                self.registry.forget_after_fork(part)
        if comment or callers:
            need_current_request()
        self.sends_comments = comment and send_comments(self)

    def install(self) -> "MongoMonitor":
        """Have every client that is made from now on measured."""
        monitoring.register(self)
        return self

    @overload
    def wrap(self, collection: "Collection[Document]") -> "MeasuredCollection[Document]": ...
    @overload
    def wrap(self, collection: "AsyncCollection[Document]") -> "AsyncMeasuredCollection[Document]": ...
    def wrap(self, collection: Any) -> Any:
        """The collection with methods that give `(result, metrics)`; raises `ValueError` for another client's."""
        from perftui.instrument.queries.wrapped import wrap

        return wrap(collection, self)

    def plan_of(self, shape_id: str) -> Explained | None:
        """The newest plan of a shape in this process."""
        return None if self.explaining is None else self.explaining.plans.get(shape_id)

    def pool_created(self, event: monitoring.PoolCreatedEvent) -> None:
        self._guard(self._pools.created, event.address, event.options)

    def pool_ready(self, event: monitoring.PoolReadyEvent) -> None:
        """Nothing is counted."""

    def pool_cleared(self, event: monitoring.PoolClearedEvent) -> None:
        self._guard(self._pools.cleared, event.address)

    def pool_closed(self, event: monitoring.PoolClosedEvent) -> None:
        self._guard(self._pools.ended, event.address)

    def connection_created(self, event: monitoring.ConnectionCreatedEvent) -> None:
        self._guard(self._pools.opened, event.address)

    def connection_ready(self, event: monitoring.ConnectionReadyEvent) -> None:
        """Nothing is counted: what waits for it is."""

    def connection_closed(self, event: monitoring.ConnectionClosedEvent) -> None:
        self._guard(self._pools.closed, event.address, event.reason)

    def connection_check_out_started(self, event: monitoring.ConnectionCheckOutStartedEvent) -> None:
        self._guard(self._pools.waits, event.address)

    def connection_check_out_failed(self, event: monitoring.ConnectionCheckOutFailedEvent) -> None:
        self._guard(self._pools.refused, event.address, event.reason)

    def connection_checked_out(self, event: monitoring.ConnectionCheckedOutEvent) -> None:
        self._guard(self._pools.checked_out, event.address, getattr(event, "duration", None))

    def connection_checked_in(self, event: monitoring.ConnectionCheckedInEvent) -> None:
        self._guard(self.given_back)
        self._guard(self._pools.checked_in, event.address)

    def _guard(self, count: Any, *values: Any) -> None:
        try:
            count(*values)
        except Exception:  # a fault of ours must not fail the application's query
            self.counts.fault("pool")

    def _is_own(self) -> bool:
        return self.explaining is not None and self.explaining.is_own_thread()
