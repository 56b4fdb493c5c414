"""An index build that goes on as it should, but takes so much that others are slow."""

import json
from collections.abc import Iterator

from perftui.diagnosis.harm import harm
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.subjects import operations_of
from perftui.diagnosis.words import name, percent, seconds
from perftui.model.operation import Operation
from perftui.model.snapshot import TargetState

_RUNS_S = 2.0
_MESSAGE = "Index Build"


def find_heavy_builds(moment: Moment) -> Iterator[Suspicion]:
    """Only where latency rose with it: most builds harm nobody."""
    for state in moment.fresh("mongodb", "operations"):
        builds = _builds(state)
        for one in builds[:1]:
            felt = harm(moment, state, one.started_at or 0.0, {build.opid for build in builds})
            if felt:
                yield _heavy(state, one, felt)


def _builds(state: TargetState) -> list[Operation]:
    """The longest running first. Those that wait for other members work no more."""
    running = operations_of(state)
    return [
        one
        for one in running
        if one.message and one.message.startswith(_MESSAGE) and one.progress is not None and one.active
        and (one.running_s or 0.0) >= _RUNS_S and one.started_at is not None
    ]  # fmt: skip


def _heavy(state: TargetState, one: Operation, felt: tuple[str, ...]) -> Suspicion:
    names = _names(one.command)
    done = _share(one)
    return Suspicion(
        code="index-build",
        target_id=state.target.id,
        subject=one.ns,
        severity="warning",
        what=f"the build of {name(names) if names else 'an index'} on {name(one.ns)} makes others slow",
        since=one.started_at,
        cost="; ".join(felt),
        cause=f"it has run for {seconds(one.running_s or 0.0)}{_phase(one, done)}",
        help="wait for its end, or abort it by dropping the index, and build it at a quiet hour",
        action="drop",
        page="Indexes",
        row=one.ns,
        figures={} if done is None else {"done": done},
    )


def _names(command: str) -> str:
    """Of the indexes that are built; empty where the command is too long to be whole."""
    try:
        wanted = json.loads(command).get("indexes", ())
        return ", ".join(str(index["name"]) for index in wanted[:3])
    except (ValueError, AttributeError, KeyError, TypeError):
        return ""


def _share(one: Operation) -> float | None:
    """Of the phase that it is in."""
    if one.progress is None or one.progress.total <= 0:
        return None
    return min(one.progress.done / one.progress.total, 1.0)


def _phase(one: Operation, done: float | None) -> str:
    """`, scanning collection at 43 %`; the server says it twice, and with numbers."""
    words = (one.message or "").removeprefix(f"{_MESSAGE}: ").partition(f" {_MESSAGE}")[0].partition(":")[0]
    return f", {name(words)} at {percent(done)}" if done is not None else ""


RULES = (Rule(codes=("index-build",), find=find_heavy_builds, holds_s=2.0, ends_s=6.0),)
