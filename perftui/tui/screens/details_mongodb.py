"""Details of an operation and of a member of a replica set."""

from collections.abc import Hashable

from perftui.model.operation import Operation
from perftui.tui.formatting import UNKNOWN, duration, milliseconds, number, share
from perftui.tui.screens.details_parts import shape_history, when
from perftui.tui.screens.document import Block, Document, Fact, Facts, Json, Text
from perftui.tui.tables import members, operations
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
        shape_history(view, target.target.id, row.shape_id),
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
        Fact("from", row.endpoint or ""),
        Fact("application", row.app_name or UNKNOWN),
        Fact("client", row.client or UNKNOWN),
        Fact("user", row.user or UNKNOWN),
        Fact("started", when(row.started_at, view)),
        Fact("active", "yes" if row.active else "no"),
        Fact("hidden as", row.noise or ""),
        Fact("shard", row.shard or ""),
        Fact("kill", "K kills it, asks first" if row.killable else "not offered: not a client's operation"),
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
