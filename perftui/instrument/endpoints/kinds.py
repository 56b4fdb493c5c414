"""What is counted of endpoints, by kind."""

from perftui.instrument.store.kinds import Kind

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
OTHER = "(other)"
"""Any other method, status or class; and the route that stands for all beyond the bound."""
UNMATCHED = "(unmatched)"
"""The route of requests that no route took."""
CALL_METHOD = "CALL"
"""The method of monitored functions where they stand among endpoints."""
CLIENT_GONE = 499
"""The status of a request whose client left before the last byte."""
GONE = str(CLIENT_GONE)
"""The same as the label of a series."""
FAILED = 500

ASKED = ("queries", "query_us", "cache_calls", "cache_us")
"""What requests asked of MongoDB and of caches, and how long they waited for it."""
ENDPOINT = Kind("endpoint", "api", ("method", "route", "status"), True, ("request_bytes", "response_bytes", *ASKED))
"""HTTP requests, until the last byte."""
SENT = ENDPOINT.counters.index("response_bytes")
FIRST_BYTE = Kind("first_byte", "api", ("method", "route"), True)
"""Streams, until their first byte."""
EXCEPTION = Kind("exception", "api", ("method", "route", "class"), False, ("raised",))
"""Of requests; of websockets with the method `WEBSOCKET`; of functions with `CALL`."""
CALL = Kind("call", "api", ("name",), True, ("raised",))
"""Monitored functions."""
WEBSOCKET = Kind("websocket", "api", ("route",), True, ("rejected", "received", "sent", "received_bytes", "sent_bytes"))
"""Connections, until they close; messages as they pass."""
WEBSOCKET_CLOSE = Kind("websocket_close", "api", ("route", "code"), False, ("closed",))
WEBSOCKET_METHOD = "WEBSOCKET"

IN_FLIGHT = "in_flight"
"""Each worker's `[method, route, number, age of the oldest]`, published."""
SLOW_REQUESTS = "slow_requests"
"""Each worker's newest slow requests, published."""
