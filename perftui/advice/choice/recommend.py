"""From a workload and facts about the data to the indexes that are worth creating."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from perftui.advice.choice.choose import Judged
from perftui.advice.choice.demand import Demand
from perftui.advice.choice.options import AdviceOptions
from perftui.advice.choice.solve import Solution, solve
from perftui.advice.choice.workload import Workload, read_workload
from perftui.advice.costs.access import Access
from perftui.advice.costs.ask import Collections
from perftui.advice.facts import CollectionFacts
from perftui.advice.load import ShapeLoad, WriteLoad
from perftui.advice.words import declines
from perftui.advice.words.recommendation import recommendation
from perftui.advice.words.suggest import searched_by, suggestions_for
from perftui.model.analysis import Declined, Recommendation, Suggestion

_LEAST_DOCUMENTS, _LEAST_COMMANDS = 1_000, 4

Measured = Callable[[list[Demand]], list[Demand]]
"""Puts demands whose costs are measured in the place of those that are simulated."""


@dataclass(frozen=True)
class Advice:
    """What to create, what not and why, and what the application itself could change."""

    recommendations: tuple[Recommendation, ...] = ()
    declined: tuple[Declined, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()


@dataclass
class _Draft:
    recommendations: list[Recommendation] = field(default_factory=list)
    declined: dict[tuple[str, str], str] = field(default_factory=dict)
    served: set[str] = field(default_factory=set)
    suggestions: list[Suggestion] = field(default_factory=list)


def recommend(
    loads: Sequence[ShapeLoad],
    facts: Mapping[str, CollectionFacts],
    writes: Mapping[str, WriteLoad] | None = None,
    options: AdviceOptions | None = None,
    measured: Measured | None = None,
) -> Advice:
    """The smallest set of indexes that helps these shapes; the order of the loads makes no difference.

    `measured` is given the demands of each collection as they are simulated.

    >>> from perftui import CollectionFacts, ShapeLoad, recommend
    >>> load = ShapeLoad(
    ...     id="1", ns="shop.items", op="find", shape="find {sku: ?}", executions=100,
    ...     commands=({"find": "items", "filter": {"sku": 7}},), documents_examined=50_000, returned=1,
    ... )
    >>> sample = [{"_id": number, "sku": number} for number in range(1000)]
    >>> facts = CollectionFacts(ns="shop.items", documents=50_000, average_bytes=200, sample=sample, indexes=())
    >>> [one.keys for one in recommend([load], {"shop.items": facts}).recommendations]
    [(('sku', 1),)]
    """
    options = options or AdviceOptions()
    ordered = sorted(loads, key=lambda load: (load.ns, load.id, load.shape, -load.executions))
    collections = Collections(facts, _most_documents(len(ordered), options))
    workload = read_workload(ordered, collections, _most_commands(len(ordered), options))
    draft = _Draft()
    for ns in sorted({demand.ns for demand in workload.demands}):
        demands = [demand for demand in workload.demands if demand.ns == ns]
        if measured is not None:
            demands = measured(demands)
        _advise(ns, demands, collections, (writes or {}).get(ns), options, draft)
    _decline_hopeless(ordered, workload, draft)
    _suggest_notes(ordered, workload, draft)
    return _advice(draft)


def _most_documents(shapes: int, options: AdviceOptions) -> int:
    share = options.work / max(shapes, options.work)
    return max(_LEAST_DOCUMENTS, int(options.most_documents * share))


def _most_commands(shapes: int, options: AdviceOptions) -> int:
    share = options.work / max(shapes, options.work)
    return max(_LEAST_COMMANDS, int(options.most_commands * share))


def _advise(
    ns: str, demands: list[Demand], collections: Collections, writes: WriteLoad | None, options: AdviceOptions,
    draft: _Draft,
) -> None:  # fmt: skip
    facts = collections.facts(ns)
    reason = declines.of_collection(facts)
    if reason is not None:
        for demand in demands:
            draft.declined.setdefault((ns, demand.load.id), reason)
        return
    collections.data(ns).searched = searched_by(demands)
    solution = solve(demands, facts, writes, options, assumed=not collections.known(ns))
    for spec in solution.chosen:
        draft.recommendations.append(recommendation(spec, solution))
        draft.served.update(demand.load.id for demand in solution.serving[spec])
    for judged in solution.judged:
        _decline(judged, solution, draft)
        draft.suggestions.extend(suggestions_for(judged.demand, solution.after[judged.demand].cost))


def _decline(judged: Judged, solution: Solution, draft: _Draft) -> None:
    demand = judged.demand
    if any(demand in served for served in solution.serving.values()):
        return
    after: Access = solution.after[demand]
    reason = solution.dropped.get(demand)
    if reason is None and judged.helpable and after.cost >= 0.95 * judged.today.cost:
        reason = "An index would help it, but costs more in writes, or for other shapes, than it saves."
    draft.declined.setdefault((demand.ns, demand.load.id), reason or declines.of_question(judged))


def _decline_hopeless(loads: Sequence[ShapeLoad], workload: Workload, draft: _Draft) -> None:
    for load in loads:
        if load.id in workload.hopeless:
            draft.declined.setdefault((load.ns, load.id), workload.hopeless[load.id])


def _suggest_notes(loads: Sequence[ShapeLoad], workload: Workload, draft: _Draft) -> None:
    """What was noticed while the commands were read."""
    for load in loads:
        for note in workload.notes.get(load.id, ()):
            draft.suggestions.append(Suggestion(ns=load.ns, shape=load.id, message=note))


def _advice(draft: _Draft) -> Advice:
    declined = [
        Declined(ns=ns, shape=shape, reason=reason)
        for (ns, shape), reason in sorted(draft.declined.items())
        if shape not in draft.served
    ]
    return Advice(tuple(draft.recommendations), tuple(declined), tuple(dict.fromkeys(draft.suggestions)))
