"""From a workload and the facts about its collections to the analysis."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from perftui.advice.choice.recommend import Advice
from perftui.advice.findings.assess import assess, is_assessable
from perftui.advice.load import ShapeLoad, WriteLoad
from perftui.advice.plans.plan import read_profiled_plan
from perftui.analysis.foreign import foreign_namespaces
from perftui.analysis.grouped_advice import Facts, advise, groups_of, merged
from perftui.analysis.redacted import sample_text
from perftui.analysis.shape_totals import ShapeTotals
from perftui.analysis.workload import Workload, commands_of
from perftui.model.analysis import AnalysedShape, Analysis, AnalysisSource
from perftui.model.index import Index
from perftui.model.plan import Plan
from perftui.model.text import safe_text
from perftui.sources.mongodb.extended_json import from_bson


class Origin(NamedTuple):
    """Where the entries come from."""

    source: AnalysisSource
    target: str | None = None
    lost_entries: int | None = 0
    notes: tuple[str, ...] = ()


class Options(NamedTuple):
    """What is shown of an analysis."""

    top: int | None = None
    """So many shapes, the most costly; all where it is `None`. Advice always goes by all of them."""
    values: bool = False
    """Show users' values in the samples."""
    shape_id: str | None = None
    """This shape alone."""
    samples: bool = False
    """Keep the sampled documents of collections that are advised, within a bound: a rehearsal needs them."""


ALL_SHAPES = Options()


@dataclass(frozen=True, kw_only=True)
class Study:
    """An analysis with what it was made of. Holds the users' values: never written anywhere."""

    analysis: Analysis
    loads: tuple[ShapeLoad, ...] = ()
    facts: Facts = field(default_factory=dict)
    writes: Mapping[str, WriteLoad] = field(default_factory=dict)


def study_without_facts(workload: Workload, origin: Origin, options: Options = ALL_SHAPES) -> Study:
    """Advice by guesses, where no server can be asked. Takes a while for many shapes."""
    loads = chosen_loads(workload, options)
    writes, sizes = workload.write_loads(), workload.scanned()
    advice = merged(advise(group, {}, writes, sizes, shapes=len(loads)) for group in groups_of(loads))
    return study(workload, origin, options, loads=loads, advice=advice, facts={})


def chosen_loads(workload: Workload, options: Options) -> tuple[ShapeLoad, ...]:
    """What is to be advised, the costliest first."""
    return tuple(workload.loads(_ranked(workload, options)))


def study(
    workload: Workload, origin: Origin, options: Options, *, loads: Sequence[ShapeLoad], advice: Advice, facts: Facts
) -> Study:
    """Judge every shape and put all together. Takes a while for many shapes."""
    ranked = _ranked(workload, options)
    shown = ranked[: options.top] if options.top is not None else ranked
    analysis = Analysis(
        source=origin.source,
        entries=workload.entries,
        lost_entries=origin.lost_entries,
        since=workload.first_at,
        until=workload.last_at,
        shapes=tuple(analysed_shape(each, facts, values=options.values) for each in shown),
        recommendations=advice.recommendations,
        declined=advice.declined,
        suggestions=advice.suggestions,
        notes=(*origin.notes, *_beyond(workload), *notes_of_facts(facts)),
        target=origin.target,
    )
    return Study(analysis=analysis, loads=tuple(loads), facts=facts, writes=workload.write_loads())


def _ranked(workload: Workload, options: Options) -> list[ShapeTotals]:
    return [each for each in workload.most_costly() if options.shape_id in (None, each.shape.id)]


def analysed_shape(
    totals: ShapeTotals, facts: Facts, *, values: bool = False, plan: Plan | None = None
) -> AnalysedShape:
    """One shape with its score and findings."""
    commands = commands_of(totals, 1)
    command = commands[0] if commands else None
    shape = totals.shape
    foreign = foreign_indexes(foreign_namespaces(command, shape.ns) if command else set(), facts)
    evidence = totals.evidence(command, plan or profiled_plan(totals), foreign)
    assessment = assess(evidence) if is_assessable(evidence) or evidence.errors else None
    return AnalysedShape(
        id=shape.id,
        ns=shape.ns,
        op=shape.op,
        shape=shape.text,
        sample=sample_text(command, values=values) if command else "",
        count=totals.executions,
        latency_ms=totals.latency(),
        docs_examined=totals.documents,
        keys_examined=totals.keys,
        returned=totals.returned,
        plan_summary=totals.plan_summary,
        score=assessment.score if assessment is not None and is_assessable(evidence) else None,
        penalties=assessment.penalties if assessment is not None else (),
        findings=assessment.findings if assessment is not None else (),
        first_seen_at=totals.first_at or None,
        last_seen_at=totals.last_at or None,
        applications=tuple(totals.applications),
    )


def profiled_plan(totals: ShapeTotals) -> Plan | None:
    """How the slowest profiled execution went; `None` for what was only logged."""
    if totals.plan_entry is None:
        return None
    try:
        entry = from_bson(totals.plan_entry)
    except ValueError:
        return None
    return read_profiled_plan(entry)


def foreign_indexes(namespaces: set[str], facts: Facts) -> dict[str, tuple[Index, ...]]:
    """By the collection's name, where they are known."""
    known = ((ns, facts[ns].indexes) for ns in sorted(namespaces) if ns in facts)
    return {ns.partition(".")[2]: indexes for ns, indexes in known if indexes is not None}


def _beyond(workload: Workload) -> Sequence[str]:
    if workload.overflow is None or not workload.overflow.entries:
        return ()
    return (
        f"There are more shapes than are told apart: {workload.overflow.entries:,} entries of the least costly ones "
        "are not shown.",
    )


def notes_of_facts(facts: Facts) -> tuple[str, ...]:
    """What could not be read of the collections, each sentence once."""
    missing = [
        f"There is no collection {safe_text(each.ns, 300)} on this server."
        for each in facts.values()
        if not each.exists
    ]
    return tuple(dict.fromkeys([*missing, *(note for each in facts.values() for note in each.notes)]))
