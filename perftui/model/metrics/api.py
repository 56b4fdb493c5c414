"""The document's section of endpoints, monitored functions and websockets."""

from perftui.model.base import Model
from perftui.model.metrics.figures import BudgetDocument, LatencyDocument, Real, Whole


class EndpointDocument(Model, frozen=True, kw_only=True):
    """A route's requests of one method; of method `CALL`: a monitored function, `route` being its name."""

    method: str
    route: str
    requests_total: Whole | None = None
    """Since the process started; a clear leaves it. So are the next three."""
    seconds_total: Real | None = None
    """What all of them took together."""
    errors_total: Whole | None = None
    """Status 5xx; of a function: calls that raised."""
    client_errors_total: Whole | None = None
    """Status 4xx, but for 499: the application refused them. Unknown of a function."""
    queries_total: Whole | None = None
    """Commands that these requests sent to MongoDB, where that is counted; a total as above. So are the next three."""
    query_seconds_total: Real | None = None
    """How long they waited for the answers; queries that run at the same time count each."""
    cache_calls_total: Whole | None = None
    cache_seconds_total: Real | None = None
    status: dict[str, Whole] = {}
    """Empty for a function. 499: the client left before the last byte."""
    latency: LatencyDocument = LatencyDocument()
    """Until the last byte was sent."""
    budgets: tuple[BudgetDocument, ...] = ()
    last_seen: Real | None = None
    errors: Whole | None = None
    """Status 5xx; of a function: calls that raised."""
    exceptions: dict[str, Whole] = {}
    """What was raised, by class."""
    disconnects: Whole | None = None
    active: Whole | None = None
    """In flight now."""
    oldest_s: Real | None = None
    """Age of the oldest in flight."""
    request_bytes: Whole | None = None
    """Bodies that the application read, in the window."""
    response_bytes: Whole | None = None
    streams: Whole | None = None
    """Responses of more than one part."""
    first_byte: LatencyDocument | None = None
    """Until a stream's first byte."""


class RateDocument(Model, frozen=True, kw_only=True):
    """Requests over one of the standard windows."""

    window_s: Real
    requests: Whole = 0
    errors_5xx: Whole = 0
    rate_per_s: Real | None = None
    error_rate: Real | None = None


class WebSocketDocument(Model, frozen=True, kw_only=True):
    """Connections of one route that ended in the window, and messages in it; no part of the requests."""

    route: str
    connections: Whole = 0
    active: Whole | None = None
    oldest_s: Real | None = None
    rejected: Whole = 0
    """Ended before they were accepted."""
    duration: LatencyDocument = LatencyDocument()
    received: Whole = 0
    sent: Whole = 0
    received_bytes: Whole = 0
    sent_bytes: Whole = 0
    close_codes: dict[str, Whole] = {}
    exceptions: dict[str, Whole] = {}


class SlowRequestDocument(Model, frozen=True, kw_only=True):
    at: Real
    """When it ended."""
    method: str
    route: str
    status: Whole
    duration_s: Real
    user_agent: str | None = None
    """At most 200 printable characters, where the application asked for it."""
    client: str | None = None
    """The network of the peer (/24 or /48), where the application asked for it."""


class ApiDocument(Model, frozen=True, kw_only=True):
    """HTTP requests in all; monitored functions and websockets are listed, and are in no sum."""

    requests: Whole = 0
    requests_total: Whole | None = None
    errors_5xx: Whole = 0
    errors_4xx: Whole = 0
    rate_per_s: Real | None = None
    error_rate: Real | None = None
    active: Whole | None = None
    latency: LatencyDocument = LatencyDocument()
    endpoints: tuple[EndpointDocument, ...] = ()
    endpoints_omitted: Whole = 0
    oldest_s: Real | None = None
    """Age of the oldest request in flight."""
    disconnects: Whole | None = None
    exceptions: dict[str, Whole] = {}
    request_bytes: Whole | None = None
    response_bytes: Whole | None = None
    rates: tuple[RateDocument, ...] = ()
    """Over 1, 5, 15 and 60 minutes, whatever window was asked for."""
    websockets: tuple[WebSocketDocument, ...] = ()
    slow_requests: tuple[SlowRequestDocument, ...] = ()
    """The newest first."""
