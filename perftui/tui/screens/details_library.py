"""Details of what only perftui's own library tells: a slow request, a websocket's route, a pool of connections."""

from collections.abc import Hashable, Mapping

from perftui.model.metrics import LatencyDocument, QueryPoolDocument, WebSocketDocument
from perftui.tui.formatting import UNKNOWN, duration, milliseconds, number, size
from perftui.tui.lines import Piece, fit
from perftui.tui.screens.details_parts import history, history_times, when
from perftui.tui.screens.document import Block, Chart, Document, Fact, Facts, Rows, Text
from perftui.tui.tables import pools, slow_requests, websockets
from perftui.tui.tables.grades import signed
from perftui.tui.view import View


def slow_request(view: View, key: Hashable) -> Document | None:
    spec, target = slow_requests.SLOW_REQUESTS, view.target("application")
    row = next((row for row in spec.rows(view) if spec.key(row) == key), None)
    if row is None or target is None:
        return None
    took, status = slow_requests.grade_duration(row, view), slow_requests.grade_status(row, view)
    name, limit = slow_requests.name(row), view.thresholds.endpoint_p95_ms
    facts = (
        Fact("took", signed(milliseconds(row.duration_s * 1000), took).rstrip(), took),
        Fact("status", signed(str(row.status), status).rstrip(), status),
        Fact("ended", when(row.at, view)),
        Fact("client", row.client or "not kept"),
        Fact("user agent", row.user_agent or "not kept"),
    )
    values = history(view, target.target.id, "endpoint.p95_ms", name)
    chart = Chart(history_times(view), values, milliseconds, "P95 OF ITS ENDPOINT", limit)
    return Document(f"Slow request {name}", (Facts(facts), chart), copied=name, at=view.snapshot.taken_at)


def websocket(view: View, key: Hashable) -> Document | None:
    row = next((row for row in websockets.rows(view) if row.route == key), None)
    if row is None:
        return None
    blocks: tuple[Block, ...] = (
        Facts(_socket_facts(row, view)),
        Facts(_times(row.duration), "HOW LONG CONNECTIONS LASTED"),
        Rows(_counts(row.close_codes), "CLOSED WITH"),
        Rows(_counts(row.exceptions), "RAISED"),
    )
    return Document(f"Websocket {row.route}", blocks, copied=row.route, at=view.snapshot.taken_at)


def _socket_facts(row: WebSocketDocument, view: View) -> tuple[Fact, ...]:
    rejected = websockets.grade_rejected(row, view)
    return (
        Fact("open", number(row.active)),
        Fact("oldest", duration(row.oldest_s)),
        Fact("ended", number(row.connections)),
        Fact("rejected", signed(number(row.rejected), rejected).rstrip(), rejected),
        Fact("received", f"{number(row.received)} messages, {size(row.received_bytes)}"),
        Fact("sent", f"{number(row.sent)} messages, {size(row.sent_bytes)}"),
    )


def pool(view: View, key: Hashable) -> Document | None:
    row = next((row for row in pools.rows(view) if row.address == key), None)
    if row is None:
        return None
    blocks: tuple[Block, ...] = (
        Facts(_pool_facts(row, view)),
        Text("\n".join(row.advice), "ADVICE", prose=True),
        Facts(_times(row.wait), "HOW LONG COMMANDS WAITED FOR A CONNECTION"),
        Rows(_counts(row.failed), "GOT NONE"),
        Rows(_counts(row.closed), "CONNECTIONS CLOSED"),
    )
    copied = "\n".join(row.advice) or row.address
    return Document(f"Connections to {row.address}", blocks, copied=copied, at=view.snapshot.taken_at)


def _pool_facts(row: QueryPoolDocument, view: View) -> tuple[Fact, ...]:
    use, waiting, failed = pools.grade_use(row, view), pools.grade_waiting(row, view), pools.grade_failed(row, view)
    most = "no limit" if row.max_size is None else number(row.max_size)
    return (
        Fact("open", number(row.size)),
        Fact("in use", signed(number(row.in_use), use).rstrip(), use),
        Fact("at most", most),
        Fact("at least", number(row.min_size)),
        Fact("waiting", signed(number(row.waiting), waiting).rstrip(), waiting),
        Fact("got none", signed(number(pools.failed(row)), failed).rstrip(), failed),
        Fact("clients", number(row.clients)),
        Fact("created", number(row.created)),
        Fact("all given up", number(row.cleared)),
    )


def _times(times: LatencyDocument) -> tuple[Fact, ...]:
    if not times.count:
        return ()
    named = (("p50", times.p50_s), ("p95", times.p95_s), ("p99", times.p99_s), ("longest", times.max_s))
    return (
        Fact("counted", number(times.count)),
        *(Fact(label, UNKNOWN if value is None else milliseconds(value * 1000)) for label, value in named),
    )


def _counts(counts: Mapping[str, int]) -> tuple[tuple[Piece, ...], ...]:
    """The most frequent first."""
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    return tuple(((fit(number(count), 9, "right") + "  ", "value"), (name, "normal")) for name, count in ranked)
