"""One query that was never run, judged by its plan and by facts about its collection."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from perftui.advice.explaining.command import Explainable, Refusal, explainable
from perftui.advice.findings.assess import assess, is_assessable
from perftui.advice.findings.evidence import Evidence
from perftui.advice.load import ShapeLoad
from perftui.advice.shapes.shape import Shape, shape_of
from perftui.analysis.asked_query import AskedQuery, QueryUnreadable, asked_query
from perftui.analysis.background import in_background
from perftui.analysis.foreign import foreign_namespaces
from perftui.analysis.grouped_advice import Facts, advise, groups_of, merged
from perftui.analysis.redacted import sample_text
from perftui.analysis.server import Progress, facts_of, reached_members, unhurried
from perftui.analysis.study import ALL_SHAPES, Options, Study, foreign_indexes, notes_of_facts
from perftui.model.analysis import AnalysedShape, Analysis
from perftui.model.plan import Plan, Stage
from perftui.model.target import Connection
from perftui.sources.mongodb.uri import split_uri

if TYPE_CHECKING:
    from perftui.sources.mongodb.member import Member

__all__ = ["QueryUnreadable", "analyse_query", "judge_query"]

_SCANS = ("COLLSCAN", "IXSCAN", "IDHACK", "TEXT", "GEO_NEAR_2DSPHERE", "GEO_NEAR_2D", "COUNT_SCAN", "DISTINCT_SCAN")


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A query and what the server would do, or did, or why it does not tell."""

    asked: AskedQuery
    plan: Plan | None = None
    notes: tuple[str, ...] = ()


async def analyse_query(
    connection: Connection,
    text: str,
    *,
    ns: str | None = None,
    options: Options = ALL_SHAPES,
    progress: Progress | None = None,
) -> Study:
    """The query that the text holds, on the primary. Raises `QueryUnreadable` and `ServerSilent`."""
    asked = asked_query(text, ns, split_uri(connection.uri.reveal()).path or None)
    can = explainable(asked.command, asked.ns)
    if isinstance(can, Refusal):
        raise QueryUnreadable(f"{can.message} {can.help}".strip())
    system = unhurried(connection)
    try:
        members = await reached_members(system)
        return await judge_query(members[0], asked, can, options, progress)
    finally:
        await system.close()


async def judge_query(
    member: "Member", asked: AskedQuery, can: Explainable, options: Options, progress: Progress | None = None
) -> Study:
    """One query with its plan (`queryPlanner`: nothing is run) and the facts of its collections."""
    return await judge_planned(member, [await _plan(member, asked, can)], options, progress)


async def judge_planned(
    member: "Member", queries: Sequence[Planned], options: Options, progress: Progress | None = None
) -> Study:
    """Queries whose plans are known, as if each were run once, with the facts of their collections."""
    spaces = [
        ns
        for asked in (one.asked for one in queries)
        for ns in (asked.ns, *sorted(foreign_namespaces(asked.command, asked.ns)))
    ]
    facts = await facts_of(member, dict.fromkeys(spaces), progress)
    return await in_background(_study, member, queries, facts, options)


async def _plan(member: "Member", asked: AskedQuery, can: Explainable) -> Planned:
    from perftui.sources.mongodb.explain import NotExplained, explain

    try:
        plan = await explain(await member.client(), can, max_time_ms=member.max_time_ms)
    except NotExplained as reason:
        refusal = reason.refusal
        return Planned(asked=asked, notes=(f"No plan: {refusal.message} {refusal.help}".strip(), *can.notes))
    return Planned(asked=asked, plan=plan, notes=can.notes)


def _study(member: "Member", queries: Sequence[Planned], facts: Facts, options: Options) -> Study:
    loads: dict[str, ShapeLoad] = {}
    shapes: dict[str, AnalysedShape] = {}
    for one in queries:
        shape = shape_of(one.asked.command, one.asked.ns)
        load = _load(shape, one.asked, one.plan, facts)
        loads[shape.id] = _both(loads[shape.id], load) if shape.id in loads else load
        shapes.setdefault(shape.id, _shape(shape, one.asked, one.plan, facts, options))
    chosen = tuple(loads.values())
    advice = merged(advise(group, facts, {}, {}, shapes=len(chosen)) for group in groups_of(chosen))
    notes = [note for one in queries for note in one.notes]
    analysis = Analysis(
        source="query",
        recommendations=advice.recommendations,
        declined=advice.declined,
        suggestions=advice.suggestions,
        shapes=tuple(shapes.values()),
        notes=tuple(dict.fromkeys((*notes, *notes_of_facts(facts)))),
        target=member.target.address,
    )
    return Study(analysis=analysis, loads=chosen, facts=facts)


def _both(one: ShapeLoad, other: ShapeLoad) -> ShapeLoad:
    """Two queries that differ only in their values."""
    return replace(one, executions=one.executions + 1, commands=(*one.commands, *other.commands))


def _shape(shape: Shape, asked: AskedQuery, plan: Plan | None, facts: Facts, options: Options) -> AnalysedShape:
    foreign = foreign_indexes(foreign_namespaces(asked.command, asked.ns), facts)
    evidence = Evidence(ns=shape.ns, op=shape.op, command=asked.command, plan=plan, foreign_indexes=foreign)
    known = is_assessable(evidence)
    assessment = assess(evidence)
    return AnalysedShape(
        id=shape.id,
        ns=shape.ns,
        op=shape.op,
        shape=shape.text,
        sample=sample_text(asked.command, values=options.values),
        plan_summary=None if plan is None else plan_summary(plan),
        score=assessment.score if known else None,
        penalties=assessment.penalties if known else (),
        findings=assessment.findings,
    )


def _load(shape: Shape, asked: AskedQuery, plan: Plan | None, facts: Facts) -> ShapeLoad:
    """As if it were run once; what a scan of the whole collection would examine is known without running it."""
    stages = [] if plan is None else list(_stages(plan.winning))
    scans = any(stage.name == "COLLSCAN" for stage in stages)
    own = facts.get(asked.ns)
    documents = own.documents if scans and own is not None else None
    was_run = plan is not None and plan.documents_examined is not None
    return ShapeLoad(
        id=shape.id,
        ns=shape.ns,
        op=shape.op,
        shape=shape.text,
        executions=1,
        commands=(asked.command,),
        documents_examined=plan.documents_examined if plan is not None and was_run else documents,
        keys_examined=plan.keys_examined if plan is not None and was_run else 0 if scans else None,
        returned=None if plan is None else plan.returned,
        plan_summary=None if plan is None else plan_summary(plan),
        blocking_sort_share=float(any(stage.name in ("SORT", "$sort") for stage in stages)),
    )


def plan_summary(plan: Plan) -> str | None:
    """As the profiler would write it: `COLLSCAN`, `IXSCAN { a: 1 }, IXSCAN { b: 1 }`."""
    found = [
        f"{stage.name} {{ {', '.join(f'{name}: {way}' for name, way in stage.keys)} }}" if stage.keys else stage.name
        for stage in _stages(plan.winning)
        if stage.name in _SCANS or stage.name.startswith("EXPRESS")
    ]
    return ", ".join(dict.fromkeys(found)) or None


def _stages(stage: Stage) -> list[Stage]:
    return [stage, *(each for inner in stage.inputs for each in _stages(inner))]
