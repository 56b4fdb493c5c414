"""Details of an operation, a shape of slow queries, a member of a replica set."""

from collections.abc import Hashable

from perftui.model.operation import Operation
from perftui.model.query import DigestRow, SlowQuery
from perftui.tui.formatting import UNKNOWN, duration, milliseconds, number, rate, share, size
from perftui.tui.screens.details_parts import history, latency_facts, number_and_rate, when
from perftui.tui.screens.document import Block, Document, Fact, Facts, Json, Spark, Sparks, Text
from perftui.tui.tables import members, operations, queries
from perftui.tui.tables.grades import signed
from perftui.tui.view import View


def operation(view: View, key: Hashable) -> Document | None:
    target = view.target("mongodb")
    listed = target.operations.operations if target is not None and target.operations is not None else ()
    row = next((row for row in listed if operations.key(row) == key), None)
    if row is None or target is None:
        return None
    blocks: tuple[Block, ...] = (
        Facts(_operation_facts(row, view)),
        _shape_history(view, target.target.id, row.shape_id),
        Json(row.command, "COMMAND") if row.command else Text(row.text, "COMMAND"),
    )
    title = f"Operation {UNKNOWN if row.opid is None else row.opid}: {row.op} {row.ns} on {target.target.name}"
    return Document(title, blocks, copied=row.command or row.text, at=view.snapshot.taken_at)


def _operation_facts(row: Operation, view: View) -> tuple[Fact, ...]:
    running = operations.grade_running(row, view)
    done = row.progress
    return (
        Fact("running", signed(duration(row.running_s), running).rstrip(), running),
        Fact("waiting for", row.waiting_for or "nothing", "warning" if row.waiting_for else "normal"),
        Fact("plan", row.plan_summary or UNKNOWN, operations.grade_plan(row, view)),
        Fact("yields", number(row.yields)),
        Fact("progress", f"{share(operations.progress(row))}, {done.done:,} of {done.total:,}" if done else ""),
        Fact("says", row.message or ""),
        Fact("application", row.app_name or UNKNOWN),
        Fact("client", row.client or UNKNOWN),
        Fact("user", row.user or UNKNOWN),
        Fact("started", when(row.started_at, view)),
        Fact("active", "yes" if row.active else "no"),
        Fact("hidden as", row.noise or ""),
        Fact("shard", row.shard or ""),
        Fact("kill", "K kills it, asks first" if row.killable else "not offered: not a client's operation"),
    )


def query(view: View, key: Hashable) -> Document | None:
    target = view.target("mongodb")
    digest = target.queries if target is not None else None
    row = next((row for row in digest.rows if row.shape_id == key), None) if digest is not None else None
    if row is None or digest is None or target is None:
        return None
    read_from = queries.READ_FROM[digest.read_from]
    blocks: tuple[Block, ...] = (
        Text(queries.name(row), role="value"),
        Facts(
            _digest_facts(row, view),
            f"LAST {duration(digest.window_s)}, FROM {read_from.upper()}",
        ),
        _shape_history(view, target.target.id, row.shape_id),
        *(_execution(row.slowest, view) if row.slowest is not None else ()),
    )
    copied = row.slowest.raw if row.slowest is not None and row.slowest.raw else queries.name(row)
    return Document(f"{row.ns} {row.op} on {target.target.name}", blocks, copied=copied, at=view.snapshot.taken_at)


def _digest_facts(row: DigestRow, view: View) -> tuple[Fact, ...]:
    p95 = queries.grade_latency(row.latency_ms.p95, view)
    read = queries.grade_examined(row.examined_documents, row.returned, row.count, view)
    p50, _p95, p99, average, slowest = latency_facts(row.latency_ms)
    return (
        Fact("executions", number_and_rate(row.count, row.per_s)),
        p50,
        Fact("p95", signed(milliseconds(row.latency_ms.p95), p95).rstrip(), p95),
        p99,
        average,
        slowest,
        Fact("time in all", milliseconds(row.latency_ms.total)),
        Fact("documents read", _each(row.examined_documents, row.count, signed("", read).strip()), read),
        Fact("keys read", _each(row.examined_keys, row.count)),
        Fact("returned", _each(row.returned, row.count)),
        Fact("thrown away", _thrown_away(row), read),
        Fact("sorts in memory", number(row.sorts_in_memory), "warning" if row.sorts_in_memory else "normal"),
        Fact("errors", number(row.errors), "over" if row.errors else "normal"),
        Fact("plans", ", ".join(row.plan_summaries) or UNKNOWN, queries.grade_plan(row, view)),
        Fact("applications", ", ".join(row.applications) or UNKNOWN),
        Fact("last seen", when(row.last_seen_at, view)),
    )


def _each(total: int | None, executions: int, sign: str = "") -> str:
    each = queries.per_execution(total, executions)
    return UNKNOWN if each is None else f"{number(each)} each{sign}"


def _thrown_away(row: DigestRow) -> str:
    """Of the documents read, the share that was not returned."""
    if not row.examined_documents or row.returned is None:
        return UNKNOWN
    kept = min(row.returned / row.examined_documents, 1.0)
    return f"{100 * (1 - kept):.2f}%" if 0 < kept < 0.01 else share(1 - kept)


def _execution(entry: SlowQuery, view: View) -> tuple[Block, ...]:
    flags = [
        word
        for word, is_so in (
            ("sorted in memory", entry.sort_in_memory),
            ("used disk", entry.used_disk),
            ("planned again", entry.replanned),
        )
        if is_so
    ]
    facts = (
        Fact("took", milliseconds(entry.duration_ms)),
        Fact("at", when(entry.at, view)),
        Fact("plan", entry.plan_summary or UNKNOWN),
        Fact("documents read", number(entry.examined_documents)),
        Fact("keys read", number(entry.examined_keys)),
        Fact("returned", number(entry.returned)),
        Fact("response", size(entry.response_bytes)),
        Fact("yields", number(entry.yields)),
        Fact("client", entry.client or UNKNOWN),
        Fact("application", entry.app_name or UNKNOWN),
        Fact("user", entry.user or UNKNOWN),
        Fact("comment", entry.comment or UNKNOWN),
        Fact("also", ", ".join(flags), "warning"),
        Fact("error", entry.error or "", "over"),
    )
    return Facts(facts, "SLOWEST EXECUTION"), Json(entry.raw, "THE WHOLE ENTRY")


def _shape_history(view: View, target_id: str, shape_id: str | None) -> Block:
    if shape_id is None:
        return Sparks(())
    return Sparks(
        (
            Spark("p95", history(view, target_id, "shape.p95_ms", shape_id), milliseconds),
            Spark("executions", history(view, target_id, "shape.per_s", shape_id), lambda value: f"{rate(value)}/s"),
        ),
        "HISTORY OF THIS SHAPE",
    )


def member(view: View, key: Hashable) -> Document | None:
    target = view.target("mongodb")
    replica_set = target.replica_set if target is not None else None
    row = next((row for row in replica_set.members if row.address == key), None) if replica_set is not None else None
    if row is None or replica_set is None:
        return None
    role = members.grade_role(row, view)
    facts = (
        Fact("role", row.role, role),
        Fact("health", members.health(row) or UNKNOWN, role),
        Fact("lag", duration(row.lag_s), members.grade_lag(row, view)),
        Fact("ping", milliseconds(row.ping_ms)),
        Fact("votes", number(row.votes)),
        Fact("hidden", UNKNOWN if row.hidden is None else ("yes" if row.hidden else "no")),
        Fact("set", replica_set.name or UNKNOWN),
        Fact("primary", replica_set.primary or "none", "normal" if replica_set.primary else "over"),
        Fact("term", number(replica_set.term)),
        Fact("monitored", "yes" if row.target_id else "no"),
    )
    blocks = (Facts(facts), Text(row.message or "", "IT SAYS"))
    return Document(f"Member {row.address}", blocks, copied=row.address, at=view.snapshot.taken_at)
