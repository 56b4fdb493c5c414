"""The request that this task or thread works on: for comments, and for a request's time in database and cache."""

from contextvars import ContextVar
from time import monotonic


class RequestInProgress:
    """What is known of a request while it runs. Its figures belong to one task or thread at a time.

    >>> from perftui import RequestInProgress
    >>> request = RequestInProgress("GET")
    >>> request.add_query(0.25)
    >>> request.queries, request.query_s
    (1, 0.25)
    """

    queries = gets = 0
    query_s = cache_s = 0.0
    # Defaults of the class: a request that asks nothing of database and cache pays nothing for them.

    def __init__(self, method: str, started: float | None = None) -> None:
        """`method`: of HTTP, or `CALL` or `WEBSOCKET`. `started` is on the monotonic clock."""
        self.method = method
        self.started = monotonic() if started is None else started

    def route(self) -> str | None:
        """The route's template, such as `/items/{id}`; `None` as long as no route took the request. Never raises."""
        return None

    def add_query(self, seconds: float) -> None:
        """A database command of this request took so long."""
        self.queries += 1
        self.query_s += seconds

    def add_cache(self, seconds: float) -> None:
        """An operation on a cache, made by this request, took so long."""
        self.gets += 1
        self.cache_s += seconds


class Demand:
    """Whether anybody asks for the current request: the middlewares set it only then, since setting it costs."""

    __slots__ = ("wanted",)

    def __init__(self) -> None:
        self.wanted = False


DEMAND = Demand()
CURRENT: ContextVar[RequestInProgress | None] = ContextVar("perftui_request", default=None)


def need_current_request() -> None:
    """Call once, before the first request that matters; from then on `current_request` finds it.

    >>> from perftui import current_request, need_current_request
    >>> need_current_request()
    >>> current_request() is None
    True
    """
    DEMAND.wanted = True


def current_request() -> RequestInProgress | None:
    """The request in progress; `None` outside of one, and until `need_current_request` was called.

    >>> from perftui import current_request
    >>> request = current_request()
    >>> route = request.route() if request else None
    """
    return CURRENT.get()
