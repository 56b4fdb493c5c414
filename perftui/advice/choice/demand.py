"""What a workload demands of the indexes of each collection: one question of one shape, with several executions."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from perftui.advice.costs.access import Access
from perftui.advice.costs.instance import Instance
from perftui.advice.costs.planner import one_answer, planned
from perftui.advice.costs.spec import Spec
from perftui.advice.load import ShapeLoad
from perftui.advice.questions.question import Question


@dataclass(eq=False)
class Demand:
    """Its costs are means over the instances."""

    load: ShapeLoad
    role: str
    ns: str
    instances: list[Instance]
    alone_in_shape: bool = True
    """Its shape asks nothing else, so that the counts of the executions are its own."""
    _costs: dict[Spec, Access | None] = field(default_factory=dict)
    _planned: dict[tuple[Spec, ...], Access] = field(default_factory=dict)

    @property
    def executions(self) -> int:
        return max(1, self.load.executions)

    @property
    def observed(self) -> Access | None:
        """What its executions were seen to cost; the question must be all that they ask."""
        load = self.load
        if self.role != "main" or load.documents_examined is None or not self.alone_in_shape:
            return None
        found = load.returned or 0.0
        sorts = found * load.blocking_sort_share if self.question.stop is None else load.documents_examined
        access = Access(keys=load.keys_examined or 0.0, documents=load.documents_examined, returned=found)
        access.sorted = sorts if load.blocking_sort_share > 0 else 0.0
        access.top = self.question.stop
        return access

    @property
    def question(self) -> Question:
        return self.instances[0].question

    @property
    def union(self) -> bool:
        return bool(self.instances[0].unions)

    def alone(self, spec: Spec) -> Access | None:
        """With this index only; `None` where it does not apply to every execution."""
        if spec not in self._costs:
            self._costs[spec] = self._mean([one_answer(instance, spec) for instance in self.instances])
        return self._costs[spec]

    def screened(self, spec: Spec, few: int) -> Access | None:
        """The same, judged by the first executions; only what may be among the best needs an answer."""
        return self.glance(spec, few)

    def glance(self, spec: Spec, few: int) -> Access | None:
        """What the model says of the first executions."""
        return self._mean([one_answer(instance, spec) for instance in self.instances[:few]])

    def with_indexes(self, specs: Sequence[Spec]) -> Access:
        """As the server would answer with these."""
        token = tuple(specs)
        if token not in self._planned:
            self._planned[token] = mean([planned(instance, specs) for instance in self.instances])
        return self._planned[token]

    @staticmethod
    def _mean(found: list[Access | None]) -> Access | None:
        known = [access for access in found if access is not None]
        if len(known) < len(found) or not known:
            return None
        return mean(known)


@dataclass(slots=True)
class MeanAccess(Access):
    """Of several executions: its cost is the mean of theirs."""

    mean_cost: float = 0.0

    @property
    def cost(self) -> float:
        return self.mean_cost


def mean(found: Sequence[Access]) -> Access:
    """The mean of several executions."""
    count = len(found)
    if count == 1:
        return found[0]
    specs = tuple(dict.fromkeys(spec for access in found for spec in access.specs))
    return MeanAccess(
        specs,
        sum(access.keys for access in found) / count,
        sum(access.documents for access in found) / count,
        sum(access.returned for access in found) / count,
        sum(access.sorted for access in found) / count,
        found[0].top,
        all(access.covered for access in found),
        sum(access.works for access in found) / count,
        any(access.fails for access in found),
        sum(access.cost for access in found) / count,
    )
