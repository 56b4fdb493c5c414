"""What one explained execution says: what was examined for how much, and the plan in one line."""

from collections.abc import Iterator

from perftui.advice.words.figures import size
from perftui.analysis.query import plan_summary
from perftui.model.bench.mongo import Counters
from perftui.model.plan import Plan, Stage

_MOST_STAGES = 12


def counters_of(plan: Plan) -> Counters:
    """What counts of a plan that was run."""
    stages = list(_walk(plan.winning))
    shown = [_stage(stage) for stage in stages[:_MOST_STAGES]] + (["..."] if stages[_MOST_STAGES:] else [])
    return Counters(
        keys_examined=plan.keys_examined,
        docs_examined=plan.documents_examined,
        returned=plan.returned,
        server_ms=plan.time_ms,
        plan_summary=plan_summary(plan),
        stages=" < ".join(shown),
        indexes=plan.indexes,
        sorts=any(stage.name in ("SORT", "$sort") for stage in stages),
    )


def _walk(stage: Stage) -> Iterator[Stage]:
    yield stage
    for inner in stage.inputs:
        yield from _walk(inner)


def _stage(stage: Stage) -> str:
    """A stage with what tells how it works."""
    if stage.index:
        return f"{stage.name} {stage.index}{' backwards' if stage.backwards else ''}"
    if stage.name in ("SORT", "$sort"):
        room = [] if stage.memory_bytes is None else [size(stage.memory_bytes)]
        room += ["on disk"] if stage.used_disk else []
        return f"{stage.name} ({', '.join(room)})" if room else stage.name
    return stage.name
