"""MongoDB's meters: operations, queues, cache, tickets, connections, latencies."""

from perftui.model.mongodb import MongoServer
from perftui.model.snapshot import TargetState
from perftui.monitor.metrics import METRICS
from perftui.tui.formatting import UNKNOWN, duration, milliseconds, number, rate, share, size
from perftui.tui.meters.block import Block, Meter, grade, trouble_of
from perftui.tui.view import State, View


def mongodb_block(state: TargetState, view: View) -> Block:
    server = state.mongodb or MongoServer()
    limits = view.thresholds
    ops = METRICS["mongodb.ops_per_s"].read(state)
    cache = METRICS["mongodb.cache_share"].read(state)
    slow = state.slow_queries_per_s
    meters = (
        Meter("op/s", rate(ops), "normal", "mongodb.ops_per_s"),
        _queues(server, limits.queued_operations),
        Meter("cache", share(cache), grade(cache, 0.95), "mongodb.cache_share", 1.0),
        Meter("slow/s", rate(slow), "warning" if slow else "normal", "mongodb.slow_per_s"),
        _connections(server, limits.connections_share),
        _tickets(state, server, limits.tickets_share),
        _latency("reads", server.reads.average_ms, "mongodb.read_ms", view),
        _latency("writes", server.writes.average_ms, "mongodb.write_ms", view),
        Meter("scans/s", rate(server.work.collection_scans_per_s), metric="mongodb.collection_scans_per_s"),
        Meter("exam/s", rate(server.work.examined_documents_per_s), metric="mongodb.examined_per_s"),
        _lag(server, limits.replication_lag_s),
        Meter("out/s", size(server.network.sent_bytes_per_s), metric="mongodb.sent_bytes_per_s"),
    )
    return Block("mongodb", "MONGO", state.target.id, meters, trouble_of(state, view))


def _queues(server: MongoServer, limit: int) -> Meter:
    readers, writers = server.queues.readers, server.queues.writers
    if readers is None and writers is None:
        return Meter("queues", UNKNOWN, "dim", "mongodb.queued")
    state = grade((readers or 0) + (writers or 0), limit)
    return Meter("queues", f"{number(readers)}/{number(writers)}", state, "mongodb.queued", float(limit))


def _connections(server: MongoServer, limit: float) -> Meter:
    current, available = server.connections.current, server.connections.available
    level = current / (current + available) if current is not None and available else None
    state: State = "normal" if level is None else grade(level, limit)
    return Meter("conns", number(current), state, "mongodb.connections")


def _tickets(target: TargetState, server: MongoServer, limit: float) -> Meter:
    level = METRICS["mongodb.tickets_share"].read(target)
    tickets = server.tickets
    text = f"{number(tickets.read_used)}/{number(tickets.write_used)}"
    return Meter("tickets", UNKNOWN if level is None else text, grade(level, limit), "mongodb.tickets_share", 1.0)


def _latency(label: str, value: float | None, metric: str, view: View) -> Meter:
    limits = view.thresholds
    state: State = "normal" if value is None else grade(value, limits.slow_ms, limits.slow_warning_ms / limits.slow_ms)
    return Meter(label, milliseconds(value), state, metric)


def _lag(server: MongoServer, limit: float) -> Meter:
    lag = server.replication_lag_s
    return Meter("lag", duration(lag), grade(lag, limit), "mongodb.lag_s")
