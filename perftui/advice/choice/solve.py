"""The advice for one collection: judged, covered, and checked against the planner and the neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from perftui.advice.choice.choose import Chosen, Judged, Wanted, harms, helps, judge, universe
from perftui.advice.choice.cover import Cover
from perftui.advice.choice.demand import Demand
from perftui.advice.choice.options import MOST_INDEXES, AdviceOptions
from perftui.advice.choice.writes import paid, written
from perftui.advice.costs.access import Access, saving
from perftui.advice.costs.existing import existing_specs, extends, hidden_specs, replaceable
from perftui.advice.costs.spec import Spec
from perftui.advice.facts import CollectionFacts
from perftui.advice.load import WriteLoad

_ROUNDS = 6
_INSTEAD = 8
"""Other indexes that are tried in the place of one."""
_LITTLE = 1.05


@dataclass
class Solution:
    """What to create, what that makes unnecessary, and what each question costs then."""

    facts: CollectionFacts
    judged: list[Judged]
    existing: tuple[Spec, ...]
    assumed: bool = False
    """No document is known: the model counts in made-up ones."""
    chosen: Chosen = ()
    superseded: dict[Spec, tuple[Spec, ...]] = field(default_factory=dict)
    """Chosen -> existing ones."""
    after: dict[Demand, Access] = field(default_factory=dict)
    serving: dict[Spec, list[Demand]] = field(default_factory=dict)
    dropped: dict[Demand, str] = field(default_factory=dict)
    """Why a question that could be helped is not."""


def solve(
    demands: Sequence[Demand],
    facts: CollectionFacts,
    writes: WriteLoad | None,
    options: AdviceOptions,
    *,
    assumed: bool = False,
) -> Solution:
    """The smallest set that helps all of these questions and harms none."""
    existing = existing_specs(facts)
    judged = [judge(demand, existing, options, assumed=assumed) for demand in demands]
    solution = Solution(facts, judged, existing, assumed)
    wanted = [one for each in judged if each.helpable for one in each.wanted]
    hidden = hidden_specs(facts)
    wanted = [one for one in wanted if not _waits_hidden(one, hidden, solution, options)]
    specs = universe(wanted)
    banned: set[Spec] = set()
    for _ in range(_ROUNDS):
        allowed = [spec for spec in specs if spec not in banned]
        solution.chosen = _best_of(Cover(wanted, allowed, existing, options.tolerance), solution)
        bad = _harmful(solution) or _unpaid(solution, writes)
        if bad is None:
            break
        banned.add(bad)
        wanted = [
            one
            for one in wanted
            if any(one.cost_of(spec, options.tolerance) is not None for spec in specs if spec not in banned)
        ]
    else:
        solution.chosen = tuple(spec for spec in solution.chosen if spec not in banned)
    _limit(solution)
    _settle(solution)
    return solution


def _waits_hidden(one: Wanted, hidden: Sequence[Spec], solution: Solution, options: AdviceOptions) -> bool:
    """An index that is there and hidden only needs to be shown again."""
    for spec in hidden:
        if spec.existing is not None and one.cost_of(spec, options.tolerance) is not None:
            reason = f"The index {spec.existing.name} would serve it, but is hidden: unhide it instead of creating one."
            solution.dropped[one.demand] = reason
            return True
    return False


def _best_of(cover: Cover, solution: Solution) -> Chosen:
    """The smallest set, with others in the place of those that lead the planner astray."""
    found = _set_right(_created(cover.smallest()), cover, solution)
    return _set_right(_pruned(found, solution), cover, solution)


def _set_right(chosen: Chosen, cover: Cover, solution: Solution) -> Chosen:
    chosen = _instead(chosen, cover, solution)
    for each in solution.judged:
        access = each.demand.with_indexes(with_chosen(solution, chosen))
        if _falls_short(each, access):
            more = _created((*chosen, *(one.near[0] for one in each.others)))
            then = each.demand.with_indexes(with_chosen(solution, more))
            if helps(access.cost, then.cost) and _loss(more, solution) < _loss(chosen, solution):
                chosen = _pruned(more, solution)
    return chosen


def _instead(chosen: Chosen, cover: Cover, solution: Solution) -> Chosen:
    loss = _loss(chosen, solution)
    for spec in _misleading(chosen, solution):
        for other in cover.instead_of(spec)[:_INSTEAD]:
            if other in chosen or spec not in chosen:
                continue
            changed = _created((*(one for one in chosen if one != spec), other))
            if (changed_loss := _loss(changed, solution)) < loss:
                chosen, loss = changed, changed_loss
    return chosen


def _created(specs: Sequence[Spec]) -> Chosen:
    return tuple(sorted(dict.fromkeys(specs), key=_age))


def _misleading(chosen: Chosen, solution: Solution) -> list[Spec]:
    """Those by which a question is answered that another way would serve better, and those that were meant for it."""
    specs = with_chosen(solution, chosen)
    found: dict[Spec, None] = {}
    for each in solution.judged:
        access = each.demand.with_indexes(specs)
        if _falls_short(each, access):
            meant = (spec for one in each.wanted for spec in one.near)
            found.update(dict.fromkeys(spec for spec in (*access.specs, *meant) if spec in chosen))
    return list(found)


def _falls_short(each: Judged, access: Access) -> bool:
    return each.helpable and access.cost > each.best.cost * _LITTLE + 1


def _loss(chosen: Chosen, solution: Solution) -> tuple[int, float]:
    """Questions that fall short of their best, and how much dearer they are."""
    specs = with_chosen(solution, chosen)
    found = [(each, each.demand.with_indexes(specs)) for each in solution.judged]
    short = [(each, access) for each, access in found if _falls_short(each, access)]
    return len(short), sum(min(access.cost, each.today.cost) - each.best.cost for each, access in short)


def _age(spec: Spec) -> tuple[int, str]:
    """The narrow ones are created first: of plans that tie in its trial the server takes the oldest index's."""
    return len(spec.keys), str(spec.keys)


def with_chosen(solution: Solution, chosen: Sequence[Spec]) -> tuple[Spec, ...]:
    """The indexes that stand when these are there and what they make unnecessary is gone."""
    gone = {old for old in solution.existing if _superseded(old, chosen, solution.facts)}
    return (*(spec for spec in solution.existing if spec not in gone), *chosen)


def _superseded(old: Spec, chosen: Sequence[Spec], facts: CollectionFacts) -> bool:
    return replaceable(old, facts) and any(
        new.plain and new.collation == old.collation and extends(new.keys, old.keys) for new in chosen
    )


def _pruned(chosen: Chosen, solution: Solution) -> Chosen:
    """Without those that the planner's own choice makes needless."""
    kept = list(chosen)
    for spec in sorted(chosen, key=lambda one: (_saving(solution, one), str(one.keys))):
        others = [one for one in kept if one != spec]
        if not _misses(solution, tuple(kept), tuple(others)):
            kept = others
    return tuple(kept)


def _saving(solution: Solution, spec: Spec) -> float:
    users = [each for each in solution.judged if any(one.branch.glance(spec, 1) is not None for one in each.wanted)]
    return sum(saving(each.today, each.best) * each.demand.executions for each in users)


def _misses(solution: Solution, kept: Chosen, others: Chosen) -> bool:
    """Whether a question gets dearer by more than a little without it."""
    before, after = with_chosen(solution, kept), with_chosen(solution, others)
    for each in solution.judged:
        cost, without = each.demand.with_indexes(before).cost, each.demand.with_indexes(after).cost
        if without > cost * _LITTLE + 1 and (helps(without, cost) or each.helpable):
            return True
    return False


def _harmful(solution: Solution) -> Spec | None:
    """The index that makes a question dearer than it is today."""
    for each in solution.judged:
        access = each.demand.with_indexes(with_chosen(solution, solution.chosen))
        if harms(each.demand.with_indexes(solution.existing).cost, access.cost):
            for spec in access.specs:
                if spec in solution.chosen:
                    return spec
    return None


def _unpaid(solution: Solution, writes: WriteLoad | None) -> Spec | None:
    """The index whose keys cost more to write than it saves."""
    if writes is None:
        return None
    data = {each.demand.ns: each.demand.instances[0].data for each in solution.judged}
    for spec in solution.chosen:
        others = tuple(one for one in solution.chosen if one != spec)
        saved, executions = _saved(solution, others)
        if not paid(saved, executions, written(spec, writes, data[solution.facts.ns])):
            return spec
    return None


def _saved(solution: Solution, others: Chosen) -> tuple[float, float]:
    """What the workload saves by an index beside the others, and in how many executions."""
    now, without = with_chosen(solution, solution.chosen), with_chosen(solution, others)
    saved = executions = 0.0
    for each in solution.judged:
        gain = saving(each.demand.with_indexes(without), each.demand.with_indexes(now))
        if gain > 1:
            saved += gain * each.demand.executions
            executions += each.demand.executions
    return saved, executions


def _limit(solution: Solution) -> None:
    """A collection holds 64 indexes; the old ones stand while the new ones are built."""
    there = len(solution.facts.indexes or ()) or 1
    room = max(0, MOST_INDEXES - there)
    if len(solution.chosen) > room:
        ranked = sorted(solution.chosen, key=lambda spec: (-_saving(solution, spec), str(spec.keys)))
        solution.chosen = tuple(sorted(ranked[:room], key=_age))
        for each in solution.judged:
            if each.helpable:
                reason = (
                    f"The collection has {there} indexes of at most {MOST_INDEXES}; drop one that is not used first."
                )
                solution.dropped[each.demand] = reason


def _settle(solution: Solution) -> None:
    """What each question costs in the end, by which index, and which existing ones are no longer needed."""
    final = with_chosen(solution, solution.chosen)
    for each in solution.judged:
        access = each.demand.with_indexes(final)
        solution.after[each.demand] = access
        for spec in access.specs:
            if spec in solution.chosen and access.cost < each.today.cost:
                solution.serving.setdefault(spec, []).append(each.demand)
    solution.chosen = tuple(spec for spec in solution.chosen if spec in solution.serving)
    for spec in solution.chosen:
        gone = tuple(old for old in solution.existing if _superseded(old, [spec], solution.facts))
        if gone:
            solution.superseded[spec] = gone
