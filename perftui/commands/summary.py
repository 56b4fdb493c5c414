"""A Snapshot in words, for people who have no screen to look at."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from perftui.diagnosis.sentence import sentence
from perftui.model.budgets.changes import words
from perftui.model.budgets.standing import BudgetState, state_of
from perftui.model.metrics import BudgetDocument
from perftui.model.query import DigestRow
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.text import safe_text
from perftui.model.verdict import Verdict
from perftui.tui import formatting as fmt

_ROWS = 5
_ORDER: tuple[BudgetState, ...] = ("over", "warning", "within", "unknown")
_LABEL = 13


def summarize(snapshot: Snapshot, width: int = 100, utc: bool = False) -> str:
    """Some lines for each target, then the latest events."""
    blocks = [] if snapshot.verdict is None else [_verdict(snapshot.verdict, width, utc)]
    blocks += ["\n".join(line[:width] for line in _target(state)) for state in snapshot.targets]
    if snapshot.events:
        latest = [
            f"{fmt.clock(event.at, utc)}  {event.severity}: {safe_text(event.message)}" for event in snapshot.events
        ]
        blocks.append("\n".join(["events", *(f"  {line}"[:width] for line in latest[-_ROWS:])]))
    return "\n\n".join(blocks)


def _verdict(verdict: Verdict, width: int, utc: bool) -> str:
    """Folded where it does not fit: no part of it may be lost."""
    text = sentence(verdict, lambda at: fmt.day_clock(at, verdict.at, utc))
    return "\n  ".join(textwrap.wrap(safe_text(text), max(width - 2, 20)) or [""])


def headline(state: TargetState) -> str:
    """What a target is: kind, name, version and role."""
    target = state.target
    return f"{target.kind} {safe_text(target.name)}  {safe_text(identity(state))}".rstrip()


def identity(state: TargetState) -> str:
    """Version and role as the target says, or nothing when it said nothing yet."""
    if (mongodb := state.mongodb) is not None:
        member = f"{mongodb.role or ''}{f' of {mongodb.set_name}' if mongodb.set_name else ''}"
        return f"{mongodb.version or ''} {member}".strip()
    if (redis := state.redis) is not None:
        return f"{redis.flavour} {redis.version or ''} {redis.replication.role or ''}".strip()
    if (application := state.application) is not None:
        words = (application.service, application.version, f"{application.format} metrics")
        return " ".join(word for word in words if word)
    if (host := state.host) is not None:
        known = (f"{len(host.cores)} cores" if host.cores else None, host.container)
        return ", ".join(word for word in known if word)
    return ""


def _target(state: TargetState) -> Iterator[str]:
    yield headline(state)
    failures = {source.failure.message: source.failure for source in state.sources if source.failure is not None}
    for failure in failures.values():
        yield _line(failure.kind, f"{safe_text(failure.message)} {safe_text(failure.help)}")
    for part in (_mongodb, _operations, _queries, _redis, _application, _host):
        yield from part(state)
    notes = dict.fromkeys(note for source in state.sources for note in source.notes)
    yield from (_line("note", safe_text(note)) for note in notes)


def _line(label: str, text: str) -> str:
    return f"  {label:<{_LABEL}}{text}"


def _mongodb(state: TargetState) -> Iterator[str]:
    if (server := state.mongodb) is None:
        return
    rates = server.operations
    kinds = ("insert", "query", "update", "delete", "getmore", "command")
    yield _line("operations/s", ", ".join(f"{kind} {fmt.rate(getattr(rates, kind))}" for kind in kinds))
    latencies = (("reads", server.reads), ("writes", server.writes), ("commands", server.commands))
    yield _line("latency", ", ".join(f"{name} {fmt.milliseconds(value.average_ms)}" for name, value in latencies))
    connections, queues, cache = server.connections, server.queues, server.cache
    yield _line(
        "connections",
        f"{fmt.number(connections.current)} ({fmt.number(connections.active)} active, "
        f"{fmt.number(connections.available)} available); "
        f"queues {fmt.number(queues.readers)} readers, {fmt.number(queues.writers)} writers",
    )
    yield _line(
        "cache",
        f"{fmt.size(cache.used_bytes)} of {fmt.size(cache.maximum_bytes)}, {fmt.size(cache.dirty_bytes)} dirty; "
        f"resident {fmt.size(server.resident_bytes)}; up {fmt.duration(server.uptime_s)}",
    )
    for member in state.replica_set.members if state.replica_set else ():
        yield _line("member", f"{member.address} {member.role}, lag {fmt.duration(member.lag_s)}")


def _operations(state: TargetState) -> Iterator[str]:
    if state.operations is None:
        return
    shown = [operation for operation in state.operations.operations if operation.noise is None]
    yield _line("running", f"{len(shown)} operations{_cut(state.operations.cut)}")
    for operation in shown[:_ROWS]:
        words = (fmt.duration(operation.running_s), operation.op, operation.ns, operation.plan_summary, operation.text)
        yield _line("", " ".join(safe_text(word) for word in words if word))


def _cut(count: int) -> str:
    return f" and {count} more" if count else ""


def _queries(state: TargetState) -> Iterator[str]:
    if (digest := state.queries) is None:
        return
    lost = f", {digest.lost_entries} lost" if digest.lost_entries else ""
    yield _line(
        "slow queries", f"{digest.entries} in {fmt.duration(digest.window_s)} from the {digest.read_from}{lost}"
    )
    for row in digest.rows[:_ROWS]:
        yield _line(
            "",
            f"{row.count:>6}x  p95 {fmt.milliseconds(row.latency_ms.p95)}  "
            f"total {fmt.milliseconds(row.latency_ms.total)}  {safe_text(row.ns)} {safe_text(row.shape)}{_origin(row)}",
        )
    yield from _budgets([(f"{row.ns} {row.shape}", row.limits) for row in digest.rows])


def _origin(row: DigestRow) -> str:
    return f"  from {safe_text(row.endpoints[0].method)} {safe_text(row.endpoints[0].route)}" if row.endpoints else ""


def _budgets(held: Sequence[tuple[str, Sequence[BudgetDocument]]]) -> Iterator[str]:
    """Each limit, those that are over first; of those that hold only so many."""
    limits = sorted(
        ((_ORDER.index(state_of(limit)), name, limit) for name, found in held for limit in found),
        key=lambda one: one[0],
    )
    over = sum(1 for order, _, _ in limits if order == 0)
    for order, name, limit in limits[: max(over, _ROWS)]:
        mark = " !" if order == 0 else ""
        yield _line("budget", f"{safe_text(name)}: {safe_text(words(limit))}{mark}")


def _redis(state: TargetState) -> Iterator[str]:
    if (server := state.redis) is None:
        return
    yield _line(
        "commands/s",
        f"{fmt.rate(server.commands_per_s)}; hit rate {fmt.share(server.hit_rate)}; "
        f"evicted {fmt.rate(server.evicted_per_s)}/s, expired {fmt.rate(server.expired_per_s)}/s",
    )
    yield from _budgets([("Redis", server.limits)])
    memory = server.memory
    limit = f" of {fmt.size(memory.maximum_bytes)}" if memory.maximum_bytes else ""
    yield _line(
        "memory",
        f"{fmt.size(memory.used_bytes)}{limit}, {fmt.number(server.keys)} keys, "
        f"{fmt.number(server.clients.connected)} clients ({fmt.number(server.clients.blocked)} blocked); "
        f"up {fmt.duration(server.uptime_s)}",
    )
    entries: Iterable[str] = ()
    if (log := state.redis_slow_log) is not None:
        yield _line("slow log", f"{fmt.number(log.total)} entries")
        entries = (
            f"{fmt.microseconds(entry.duration_us)}  {safe_text(entry.command)}" for entry in log.entries[:_ROWS]
        )
    yield from (_line("", entry) for entry in entries)


def _application(state: TargetState) -> Iterator[str]:
    if (metrics := state.application) is None:
        return
    latency = metrics.latency_ms
    yield _line(
        "requests/s",
        f"{fmt.rate(metrics.per_s)}; p50 {fmt.milliseconds(latency.p50)}, p95 {fmt.milliseconds(latency.p95)}, "
        f"p99 {fmt.milliseconds(latency.p99)}; 5xx {fmt.share(metrics.server_error_rate)}, "
        f"4xx {fmt.share(metrics.client_error_rate)}",
    )
    slowest = sorted(metrics.endpoints, key=lambda endpoint: endpoint.latency_ms.p95 or 0, reverse=True)
    for endpoint in slowest[:_ROWS]:
        figures = f"p95 {fmt.milliseconds(endpoint.latency_ms.p95)}  {fmt.rate(endpoint.per_s)}/s"
        yield _line("", f"{figures}  {safe_text(endpoint.method)} {safe_text(endpoint.route)}")
    yield from _budgets([(f"{one.method} {one.route}", one.limits) for one in metrics.endpoints])
    yield from _budgets([(f"cache {one.name}", one.limits) for one in metrics.caches])
    groups = metrics.queries.groups if metrics.queries is not None else ()
    yield from _budgets([(f"{one.collection} {one.name}", one.limits) for one in groups])
    for cache in metrics.caches:
        yield _line(
            "cache", f"{safe_text(cache.name)}: hit rate {fmt.share(cache.hit_rate)}, {fmt.number(cache.keys)} keys"
        )


def _host(state: TargetState) -> Iterator[str]:
    if (host := state.host) is None:
        return
    load = " ".join(f"{value:.2f}" for value in host.load) if host.load else fmt.UNKNOWN
    cores = f" of {len(host.cores)} cores" if host.cores else ""
    yield _line("CPU", f"{fmt.share(host.cpu_share)}{cores}; load {load}; up {fmt.duration(host.uptime_s)}")
    yield _line(
        "memory",
        f"{fmt.size(host.memory.used_bytes)} of {fmt.size(host.memory.total_bytes)}; "
        f"swap {fmt.size(host.swap.used_bytes)} of {fmt.size(host.swap.total_bytes)}",
    )
    disk = host.disk
    yield _line(
        "disk", f"read {fmt.size_rate(disk.read_bytes_per_s)}, written {fmt.size_rate(disk.written_bytes_per_s)}"
    )
    for process in [process for process in host.processes if process.role != "other"][:_ROWS]:
        figures = f"{fmt.share(process.cpu_share)} CPU  {fmt.size(process.resident_bytes)}"
        yield _line(process.role, f"{figures}  {process.pid} {safe_text(process.command)}")
