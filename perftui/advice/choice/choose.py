"""Chooses the fewest indexes that serve every question that can be helped."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from perftui.advice.choice.candidates import candidates, reordered, roles_of, sameness
from perftui.advice.choice.demand import Demand
from perftui.advice.choice.options import HARM_COST, HARM_RATIO, HELPS_RATIO, HELPS_SAVING, AdviceOptions
from perftui.advice.choice.special_candidates import of_constants
from perftui.advice.costs.access import Access
from perftui.advice.costs.instance import Instance
from perftui.advice.costs.spec import Spec

SCREENED = 3
_FAR, _FAR_SLACK = 2.0, 50.0
_KEPT = 10
_SLACK = 0.5
_CLEARLY = 0.97

Chosen = tuple[Spec, ...]


def helps(before: float, after: float) -> bool:
    return before >= HELPS_RATIO * after and before - after >= HELPS_SAVING


def harms(before: float, after: float) -> bool:
    return after > HARM_RATIO * before and after - before > HARM_COST


@dataclass(eq=False)
class Wanted:
    """A question that can be helped, or one branch of it, with what serves it."""

    demand: Demand
    branch: Demand
    """The demand itself, or one that asks only this branch."""
    best: float = 0.0
    near: list[Spec] = field(default_factory=list)
    """The cheapest, all within a little of the best."""

    few: float = 0.0
    """What the best costs the first executions: an index that is far dearer for them is not looked at further."""

    alike: dict[object, float | None] = field(default_factory=dict)
    """What was found out of indexes that are all the same to the question."""

    def cost_of(self, spec: Spec, tolerance: float) -> float | None:
        """What it costs where that is little more than the best; else `None`."""
        token = sameness(self.branch.instances[0], spec)
        if token is None:
            return None
        if token not in self.alike:
            self.alike[token] = self._cost_of(spec, tolerance)
        return self.alike[token]

    def _cost_of(self, spec: Spec, tolerance: float) -> float | None:
        seen = self.branch.glance(spec, SCREENED)
        if seen is None or seen.cost > _FAR * self.few + _FAR_SLACK:
            return None
        access = self.branch.alone(spec)
        within = access is not None and access.cost <= self.best * (1 + tolerance) + _SLACK
        return access.cost if access is not None and within else None


@dataclass
class Judged:
    """One question, today and at its best."""

    demand: Demand
    today: Access
    best: Access
    wanted: list[Wanted]
    modelled: Access
    """What the model says of today; the best is the model's word too, so that only an index helps that beats both."""
    others: list[Wanted] = field(default_factory=list)
    """Of an `$or`: what serves its branches where one index for all is wanted, or the other way round."""

    @property
    def helpable(self) -> bool:
        return helps(self.today.cost, self.best.cost) and self.modelled.cost >= HELPS_RATIO * self.best.cost


def judge(demand: Demand, existing: Sequence[Spec], options: AdviceOptions, *, assumed: bool = False) -> Judged:
    """What the best index, or the best for each branch of its `$or`, would make of it."""
    today = demand.with_indexes(tuple(existing))
    if demand.question.hint is not None:
        return Judged(demand, today, today, [], today)
    whole = _wanted(demand, demand, demand.instances[0], options)
    choices = [[whole]] if whole.near else []
    branches = [_wanted(demand, branch, branch.instances[0], options) for branch in branches_of(demand)]
    if branches and all(branch.near for branch in branches):
        _prefer_sorted_by(demand, branches)
        choices.append(branches)
    best, chosen = today, list[Wanted]()
    for choice in choices:
        specs = tuple(dict.fromkeys(wanted.near[0] for wanted in choice))
        access = demand.with_indexes((*existing, *specs))
        lone = demand.with_indexes(specs)
        access = lone if lone.cost < access.cost else access
        new = len({spec.keys for spec in specs} - {spec.keys for spec in existing})
        dearer = HELPS_SAVING * (new - 1) if chosen else 0.0
        if access.cost < best.cost - dearer:
            best, chosen = access, choice
    others = next((choice for choice in choices if chosen and choice is not chosen), [])
    return Judged(demand, _seen(demand, today, assumed), best, chosen, today, others)


def _prefer_sorted_by(demand: Demand, branches: Sequence[Wanted]) -> None:
    """Of indexes that serve the branches alike those that hold what is sorted by, where that spares fetches."""
    paths = {path for path, _ in demand.question.sort}
    holding = [[spec for spec in branch.near if paths <= set(spec.paths)] for branch in branches]
    if not paths or not all(holding):
        return
    plain = demand.with_indexes(tuple(dict.fromkeys(branch.near[0] for branch in branches)))
    better = demand.with_indexes(tuple(dict.fromkeys(specs[0] for specs in holding)))
    if better.cost < plain.cost * _CLEARLY - _SLACK:
        for branch, specs in zip(branches, holding, strict=True):
            branch.near = specs


def _seen(demand: Demand, today: Access, assumed: bool) -> Access:
    """What was observed says more than the model, unless it was seen before the index that serves it now."""
    observed = demand.observed
    indexed_since = bool(today.specs) and (demand.load.plan_summary == "COLLSCAN" or not demand.load.keys_examined)
    if observed is None or today.fails or (indexed_since and not assumed):
        return today
    observed.specs = today.specs
    if not assumed:
        observed.sorted, observed.top = today.sorted, today.top
        observed.documents = min(observed.documents, demand.instances[0].data.total)
    return observed


def branches_of(demand: Demand) -> list[Demand]:
    """Each branch of the `$or` as a demand of its own; none where executions differ in their branches."""
    if not demand.union:
        return []
    split = [_split(instance) for instance in demand.instances]
    if len({len(each) for each in split}) != 1:
        return []
    return [Demand(demand.load, demand.role, demand.ns, [each[at] for each in split]) for at in range(len(split[0]))]


def _split(instance: Instance) -> list[Instance]:
    union = instance.unions[0]
    return instance.branches(union)


def _wanted(demand: Demand, branch: Demand, instance: Instance, options: AdviceOptions) -> Wanted:
    """Screened by a few executions, then judged by all."""
    wanted = Wanted(demand, branch)
    screened: list[tuple[float, int, str, Spec]] = []
    for spec in candidates(instance):
        access = branch.screened(spec, SCREENED)
        if access is not None:
            screened.append((access.cost, len(spec.keys), str(spec.keys), spec))
    if not screened:
        return wanted
    screened.sort(key=lambda each: each[:3])
    limit = screened[0][0] * 1.5 + 50
    kept = [spec for cost, _, _, spec in screened if cost <= limit][: 2 * _KEPT]
    judged = [(access.cost, spec) for spec in kept if (access := branch.alone(spec)) is not None]
    if not judged:
        return wanted
    wanted.best = min(cost for cost, _ in judged)
    near = [(cost, spec) for cost, spec in judged if cost <= wanted.best * (1 + options.tolerance) + _SLACK]
    near.sort(key=lambda each: (each[1].partial is not None, len(each[1].keys), each[0], str(each[1].keys)))
    wanted.near = [spec for _, spec in near[:_KEPT]]
    wanted.few = _screened_cost(wanted)
    _try_constants(wanted)
    return wanted


def _screened_cost(wanted: Wanted) -> float:
    access = wanted.branch.glance(wanted.near[0], SCREENED)
    return 0.0 if access is None else access.cost


def _try_constants(wanted: Wanted) -> None:
    """A partial index of the same documents that all executions ask for, only where it is far better."""
    plain = [spec for spec in wanted.near if spec.plain]
    found = [
        (access.cost, len(spec.keys), str(spec.keys), spec)
        for spec in dict.fromkeys(of_constants(wanted.branch.instances, plain))
        if (access := wanted.branch.alone(spec)) is not None
    ]
    best = min(found, key=lambda each: each[:3], default=None)
    if best is not None and helps(wanted.best, best[0]):
        wanted.best, wanted.near = best[0], [best[3]]
        wanted.few = _screened_cost(wanted)


def universe(wanted: Sequence[Wanted]) -> list[Spec]:
    """All indexes that may serve several: each near one, its equalities in every order."""
    found: dict[Spec, None] = {}
    for one in wanted:
        equal = roles_of(one.branch.instances[0]).equal
        for spec in one.near:
            for other in reordered(spec, equal):
                found[other] = None
    return sorted(found, key=lambda spec: (len(spec.keys), str(spec.keys), str(spec.identity)))
