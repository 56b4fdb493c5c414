"""The card of a shape of slow queries: score, findings, plan, advice, figures, history, the slowest execution."""

from collections.abc import Hashable, Sequence

from perftui.model.analysis import Recommendation
from perftui.model.comment import endpoint_of
from perftui.model.query import DigestRow, QueryDigest, SlowQuery
from perftui.model.snapshot import TargetState
from perftui.tui.ask import profiled_plan
from perftui.tui.formatting import UNKNOWN, duration, milliseconds, number, share, size
from perftui.tui.lines import Line
from perftui.tui.plan_tree import tree_lines, worst_words
from perftui.tui.screens.advice_lines import recommendation_summary
from perftui.tui.screens.details_parts import budgets_block, latency_facts, number_and_rate, shape_history, when
from perftui.tui.screens.document import Beside, Block, Document, Drawn, Fact, Facts, Json, Text
from perftui.tui.screens.finding_lines import finding_lines, penalty_lines
from perftui.tui.screens.proof_lines import proof_blocks
from perftui.tui.tables import queries
from perftui.tui.tables.grades import signed
from perftui.tui.tables.origins import share_words
from perftui.tui.tables.scores import grade_score, show_score
from perftui.tui.view import View


def query(view: View, key: Hashable) -> Document | None:
    """The sections in the order in which people ask: how bad, why, what the server does, what would help."""
    target = view.target("mongodb")
    digest = target.queries if target is not None else None
    row = next((row for row in digest.rows if row.shape_id == key), None) if digest is not None else None
    if row is None or digest is None or target is None:
        return None
    return _card(row, digest, target, view, view.snapshot.taken_at)


def _card(row: DigestRow, digest: QueryDigest, target: TargetState, view: View, seen_at: float | None) -> Document:
    """An improved shape leaves the digest: its card stays as it was, and goes on to show its proof and its advice."""

    def renewed(later: View) -> Document:
        return _card(row, digest, later.target("mongodb") or target, later, seen_at)

    heading = f"LAST {duration(digest.window_s)}, FROM {queries.READ_FROM[digest.read_from].upper()}"
    blocks: tuple[Block, ...] = (
        Text(queries.name(row), role="value"),
        Text(share_words(row.endpoints, row.count), role="accent"),
        Facts(_digest_facts(row, view), heading),
        budgets_block(row.limits, view),
        *proof_blocks(target.proofs, view, shape_id=row.shape_id),
        *_eased(row, view),
        *_judgement(row),
        Beside(_plan(row, view), _advice(row, target, view)),
        shape_history(view, target.target.id, row.shape_id),
        *(_execution(row.slowest, view) if row.slowest is not None else ()),
    )
    copied = row.slowest.raw if row.slowest is not None and row.slowest.raw else queries.name(row)
    return Document(f"{row.ns} {row.op} on {target.target.name}", blocks, copied=copied, at=seen_at, renewed=renewed)


def _eased(row: DigestRow, view: View) -> tuple[Block, ...]:
    """That what is found below is of before, until the window has only what is after it."""
    recent = row.recent
    if not queries.has_eased(row) or recent is None or recent.heavy_at is None or row.score is None:
        return ()
    words = f"No execution was heavy after {view.clock(recent.heavy_at)}: findings and score are of before."
    return (Text(words, role="good", prose=True),)


def _judgement(row: DigestRow) -> tuple[Block, ...]:
    score = row.score
    if score is None:
        return ()
    return (
        Beside(
            (Drawn(lambda width: finding_lines(row.findings, width), "FINDINGS"),),
            (Drawn(lambda width: penalty_lines(score, row.penalties, width), "SCORE"),),
        ),
    )


def _plan(row: DigestRow, view: View) -> tuple[Block, ...]:
    entry = row.slowest
    plan = profiled_plan(entry.raw) if entry is not None and entry.raw else None
    if plan is None or entry is None:
        return (Text("The server gave no plan with this shape's entries: e explains it.", "PLAN", "dim", prose=True),)
    limits = view.thresholds
    heading = f"PLAN OF THE SLOWEST, {view.clock(entry.at)}"
    said = worst_words(plan, limits)
    tree = Drawn(lambda width: tree_lines(plan, plan.winning, width, limits), heading)
    return (tree, Text(said, role="warning", prose=True)) if said else (tree,)


def _advice(row: DigestRow, target: TargetState, view: View) -> tuple[Block, ...]:
    """What was advised already, in short; the advice screen has it all."""
    if view.advice is None or row.overflow:
        return ()
    advised = view.advice.find(target.target.id, row.ns)
    if advised is None:
        return (Text("Not asked for yet: a looks for an index that serves this shape.", "ADVICE", "dim", prose=True),)
    serving = view.advice.serving(target.target.id, row.ns, row.shape_id)
    if serving:
        return (Drawn(lambda width: _summaries(serving, width), f"ADVICE, {view.clock(advised.at)}"),)
    said = view.advice.why_none(target.target.id, row.ns, row.shape_id) or "No index is recommended for this shape."
    return (Text(said, f"ADVICE, {view.clock(advised.at)}", prose=True),)


def _summaries(serving: Sequence[Recommendation], width: int) -> list[Line]:
    return [line for one in serving for line in recommendation_summary(one, width)]


def _digest_facts(row: DigestRow, view: View) -> tuple[Fact, ...]:
    p95 = queries.grade_latency(row.latency_ms.p95, view)
    read = queries.grade_examined(row.examined_documents, row.returned, row.count, view)
    p50, _p95, p99, average, slowest = latency_facts(row.latency_ms)
    return (
        Fact("score", signed(show_score(row.score), grade_score(row.score)).rstrip(), grade_score(row.score)),
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
        Fact("asked by", _asked_by(row)),
        Fact("last seen", when(row.last_seen_at, view)),
    )


def _asked_by(row: DigestRow) -> str:
    """What the application itself wrote into the slowest execution's comment."""
    comment = row.slowest.comment if row.slowest is not None else None
    return comment if comment and endpoint_of(comment) is None else ""


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
