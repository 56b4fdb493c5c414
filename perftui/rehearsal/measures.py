"""What a shape costs with some indexes, by the counters of the private server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from perftui.advice.choice.demand import mean
from perftui.advice.costs.access import Access, times
from perftui.advice.costs.spec import Spec
from perftui.model.plan import Plan, Stage
from perftui.rehearsal.lab import Bench, NoIndexForIt
from perftui.rehearsal.scaling import NotThere, own_stages, scaled_access
from perftui.rehearsal.trials import Trial


class MeanOfTrials:
    """Each command explained with executionStats, and the planner's own choice among the indexes shown."""

    def __init__(self, bench: Bench, trials: Sequence[Trial], stop: int | None) -> None:
        self._bench, self._trials, self._stop = bench, trials, stop

    def __call__(self, specs: Sequence[Spec]) -> Access:
        shown = self._bench.show(specs)
        return mean([self._one(trial, shown) for trial in self._trials])

    def _one(self, trial: Trial, shown: Mapping[str, Spec]) -> Access:
        try:
            plan = self._bench.explain(trial.command)
        except NoIndexForIt:
            return Access(fails=True)
        access = scaled_access(plan, self._bench.factor, stop=self._stop)
        access.specs = used(plan, shown)
        return access


class MeanOfStratum:
    """The same where all documents with one value of a field are there, and nothing else of the collection."""

    def __init__(self, bench: Bench, trials: Sequence[Trial], field: str) -> None:
        self._bench, self._trials, self._field = bench, trials, field

    def __call__(self, specs: Sequence[Spec]) -> Access:
        shown = self._bench.show(specs)
        found = []
        for trial in self._trials:
            plan = self._bench.explain(trial.command)
            if not _stays_within(plan, self._field):
                raise NotThere(f"it reads beyond the documents of one {self._field}, which alone were fetched")
            access = scaled_access(plan, 1.0)
            access.specs = used(plan, shown)
            found.append(access)
        return mean(found)


class MeanOfProbes:
    """The foreign side of a join: each value that is looked up, as often as documents come to the join."""

    def __init__(
        self, bench: Bench, field: str, values: Sequence[Any], number: float, *, only_joined: bool = False
    ) -> None:
        """`only_joined`: the bench holds nothing but all documents that these values join."""
        self._bench, self._field, self._values, self._number = bench, field, list(values), number
        self._only_joined = only_joined

    def __call__(self, specs: Sequence[Spec]) -> Access:
        shown = self._bench.show(specs)
        plan = self._bench.explain({"find": self._bench.name, "filter": {self._field: {"$in": self._values}}})
        factor = self._bench.factor
        if any(stage.name == "COLLSCAN" for stage in own_stages(plan.winning)):
            if self._only_joined:
                raise NotThere("it reads beyond the documents that are joined, which alone were fetched")
            one = Access(documents=(plan.documents_examined or 0) * factor)
        else:
            each = (plan.documents_examined or 0) * factor / max(len(self._values), 1)
            one = Access(keys=each, documents=each, returned=each)
        one.specs = used(plan, shown)
        return times(one, self._number)


def used(plan: Plan, shown: Mapping[str, Spec]) -> tuple[Spec, ...]:
    """The indexes that the planner chose for the collection itself."""
    names = dict.fromkeys(stage.index for stage in own_stages(plan.winning) if stage.index)
    return tuple(shown[name] for name in names if name in shown)


def _stays_within(plan: Plan, field: str) -> bool:
    reads = [stage for stage in own_stages(plan.winning) if stage.keys_examined is not None or stage.name == "COLLSCAN"]
    return bool(reads) and all(_is_bound(stage, field) for stage in reads if stage.name not in ("FETCH", "SORT"))


def _is_bound(stage: Stage, field: str) -> bool:
    """Whether every field up to this one is held to one value."""
    for path, intervals in stage.bounds:
        if len(intervals) != 1 or not _is_point(intervals[0]):
            return False
        if path == field:
            return True
    return False


def _is_point(interval: str) -> bool:
    """`["a", "a"]`: as long as both ends are written alike."""
    inner = interval[1:-1]
    half = (len(inner) - 2) // 2
    return interval[:1] == "[" and interval[-1:] == "]" and inner[:half] == inner[half + 2 :]
