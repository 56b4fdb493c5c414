"""Whether an endpoint waits for very large answers: the server is done with them long before they are read."""

from collections.abc import Sequence

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.words import size
from perftui.model.application import EndpointStats
from perftui.model.snapshot import TargetState

_LARGE_BYTES = 2**20
_MORE_BYTES_PER_S = 5 * 2**20
_TIMES = 3.0
_LEAST_EACH = 100 * 2**10
_MOST_EACH = 100 * 2**20
"""What is more for each request is not what these requests are sent."""


def large_answers(
    moment: Moment, servers: Sequence[TargetState], endpoint: EndpointStats, since: float, *, idle: bool
) -> str:
    """In words; empty where nothing tells. `servers`: all that its application asks; `idle`: they do far less than it
    waits for them."""
    rose = next((words for one in servers if (words := _sent(moment, one, endpoint, since))), "")
    if rose:
        return f"its answers are large, for {rose}"
    largest = max((_recorded(one, endpoint) for one in servers), default=0) if idle else 0
    return f"its answers are large, up to {size(largest)} each" if largest >= _LARGE_BYTES else ""


def _recorded(server: TargetState, endpoint: EndpointStats) -> int:
    """The answer to the slowest execution of what its requests mostly ask."""
    mostly = endpoint.recent.mostly if endpoint.recent is not None else None
    rows = () if server.queries is None or mostly is None else server.queries.rows
    return max(
        (row.slowest.response_bytes or 0 for row in rows if row.shape_id == mostly and row.slowest is not None),
        default=0,
    )


def _sent(moment: Moment, server: TargetState, endpoint: EndpointStats, since: float) -> str:
    """That the server sends far more since then, of each operation too, and nobody else is seen to read so much."""
    sent, usual = moment.lately(server, "sent"), moment.usual_before(server, "sent", since)
    operations, before = moment.lately(server, "operations"), moment.usual_before(server, "operations", since)
    if not (endpoint.per_s and sent and operations and before) or usual is None or _reads_on(moment, server):
        return ""
    more, each_rose = sent - usual, sent / operations >= _TIMES * usual / before
    if more < _MORE_BYTES_PER_S or sent < _TIMES * usual or not each_rose:
        return ""
    each = more / endpoint.per_s
    if not _LEAST_EACH <= each <= _MOST_EACH:
        return ""
    return f"MongoDB sends {size(sent)}/s, usually {size(usual)}/s, about {size(each)} more for each of its requests"


def _reads_on(moment: Moment, server: TargetState) -> bool:
    """A backup or an export goes through its cursor: then that may be what is sent."""
    return any(one.op == "getmore" and "$changeStream" not in one.command for one in moment.running(server))
