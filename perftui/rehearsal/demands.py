"""Demands whose costs are measured: the engine that chooses asks them as it asks those that it simulates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from perftui.advice.choice.candidates import candidates, leading_equalities, roles_of
from perftui.advice.choice.demand import Demand
from perftui.advice.costs.access import Access
from perftui.advice.costs.spec import Spec
from perftui.rehearsal.lab import OutOfTime
from perftui.rehearsal.scaling import NotThere, Unscalable

TIME_OVER = "the time of the rehearsal was over"
_WORTH_TRYING = 4.0
"""An index that the model takes for so many times dearer than the best measured one is not built."""
_LITTLE = 500.0


class Measure(Protocol):
    """What a demand costs with these indexes alone, `_id` beside them. Raises `Unscalable` and `OutOfTime`."""

    def __call__(self, specs: Sequence[Spec]) -> Access: ...


@dataclass(eq=False)
class RehearsedDemand(Demand):
    """Falls back to the simulation, for good, where something cannot be measured."""

    measure: Measure | None = None
    candidates: int = 16
    verdict: str | None = None
    """Why its figures are the model's estimate; `None`: they are measured."""
    matches: int | None = None
    """Sampled matches that the figures rest on; `None`: the whole collection, or all that can match, was tried."""
    _measured: dict[tuple[Spec, ...], Access] = field(default_factory=dict)
    _best: float | None = None
    _short: dict[Spec, float] | None = None
    _listed: frozenset[Spec] = frozenset()

    @classmethod
    def of(cls, demand: Demand, measure: Measure | None, *, candidates: int, verdict: str | None) -> RehearsedDemand:
        return cls(
            demand.load, demand.role, demand.ns, demand.instances, measure=measure, candidates=candidates,
            verdict=verdict,
        )  # fmt: skip

    def screened(self, spec: Spec, few: int) -> Access | None:
        """Only the most promising candidates are built."""
        if self.verdict is not None:
            return super().screened(spec, few)
        if spec not in self._shortlist(few):
            return None
        return self.alone(spec)

    def alone(self, spec: Spec) -> Access | None:
        model = super().alone(spec)
        if model is None or not self._is_worth_trying(spec, model):
            return model
        try:
            access = self._tried((self._canonical(spec),))
        except NotThere:
            return model
        if access is None:
            return model
        if not access.specs:
            return None
        self._best = access.cost if self._best is None else min(self._best, access.cost)
        return _with_specs(access, (spec,))

    def with_indexes(self, specs: Sequence[Spec]) -> Access:
        try:
            return self._tried(tuple(specs)) or super().with_indexes(specs)
        except NotThere as reason:
            self.verdict = str(reason)
            return super().with_indexes(specs)

    def _is_worth_trying(self, spec: Spec, model: Access) -> bool:
        if self.verdict is not None:
            return False
        if spec in self._listed or self._best is None:
            return True
        return model.cost <= self._best * _WORTH_TRYING + _LITTLE

    def _shortlist(self, few: int) -> frozenset[Spec]:
        if self._short is None:
            costs = {
                spec: access.cost
                for spec in candidates(self.instances[0])
                if (access := Demand.screened(self, spec, few)) is not None
            }
            ranked = sorted(costs, key=lambda spec: (costs[spec], len(spec.keys), str(spec.keys)))
            self._short = costs
            self._listed = frozenset(_varied(ranked, self.candidates))
        return self._listed

    def _canonical(self, spec: Spec) -> Spec:
        """The order of equalities makes no difference to what is examined."""
        run = leading_equalities(spec, roles_of(self.instances[0]).equal)
        if run < 2 or not spec.plain:
            return spec
        keys = (*sorted(spec.keys[:run]), *spec.keys[run:])
        return Spec(keys=keys, collation=spec.collation, options=spec.options)

    def _tried(self, specs: tuple[Spec, ...]) -> Access | None:
        if self.verdict is not None or self.measure is None:
            return None
        found = self._measured.get(specs)
        if found is None:
            try:
                found = self._measured[specs] = self.measure(specs)
            except OutOfTime:
                self.verdict = TIME_OVER
            except Unscalable as reason:
                self.verdict = str(reason)
        return found


def _varied(ranked: Sequence[Spec], most: int) -> list[Spec]:
    """The best by the model, and the best that begins with each other field: the model may be wrong of an order."""
    chosen: dict[Spec, None] = {}
    seen: set[tuple[str, ...]] = set()
    for spec in ranked:
        head = spec.paths[:1]
        if head not in seen:
            seen.add(head)
            chosen[spec] = None
    for spec in ranked:
        chosen[spec] = None
        if len(chosen) >= max(most, len(seen)):
            break
    return list(chosen)


def _with_specs(access: Access, specs: tuple[Spec, ...]) -> Access:
    from copy import copy

    found = copy(access)
    found.specs = specs
    return found
