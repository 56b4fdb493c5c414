"""What one should know before creating a recommended index."""

from collections.abc import Iterator

from perftui.advice.choice.choose import harms
from perftui.advice.choice.solve import Solution, with_chosen
from perftui.advice.choice.writes import keys_per_document
from perftui.advice.costs.data import Data
from perftui.advice.costs.spec import Spec
from perftui.advice.filters.tree import Leaf

_MANY_KEYS, _MANY_INDEXES = 3.0, 10
_FEW_SAMPLED = 200


def warnings_for(spec: Spec, solution: Solution) -> tuple[str, ...]:
    """Sentences, the weightiest first."""
    data = solution.judged[0].demand.instances[0].data
    found = [*_alone(spec, solution), *_certainty(spec, solution, data), *_meaning(spec, data)]
    found += _weight(spec, solution, data)
    return tuple(dict.fromkeys(found))


def _alone(spec: Spec, solution: Solution) -> Iterator[str]:
    """The set harms nobody; a part of it may: the planner takes an index that is there for want of a better one."""
    if len(solution.chosen) < 2:
        return
    there = with_chosen(solution, [spec])
    hurt = {
        each.demand.load.id
        for each in solution.judged
        if harms(each.demand.with_indexes(solution.existing).cost, each.demand.with_indexes(there).cost)
    }
    if hurt:
        shapes = "another shape" if len(hurt) == 1 else f"{len(hurt)} other shapes"
        yield f"Create it together with the others: alone, the planner takes it for {shapes} too, which gets dearer."


def _certainty(spec: Spec, solution: Solution, data: Data) -> Iterator[str]:
    if solution.assumed:
        yield (
            "No document of the collection is known: the order of the fields follows the rule equality, sort, range, "
            "and the figures are guesses from the counts seen. Rehearse it, or analyze the live server."
        )
    elif not data.whole and data.size < _FEW_SAMPLED:
        yield f"Only {data.size} sampled documents were counted: the figures are rough."
    if any(not instance.judged for demand in solution.serving.get(spec, ()) for instance in demand.instances[:1]):
        yield "A part of the filter could not be judged: how many documents match is a guess."


def _meaning(spec: Spec, data: Data) -> Iterator[str]:
    if spec.partial_filter is not None and isinstance(spec.partial, Leaf) and spec.partial.op != "exists":
        yield "It serves only queries that ask for this very value; with another one they scan the collection again."
    if spec.sparse:
        yield "A sparse index leaves out documents without the field: it gives no order for the whole collection."
    if spec.special == "text":
        yield "A collection can have one text index only; check that it holds all fields to be searched."
    if len(spec.paths) == 1 and spec.special is None and spec.partial is None and data.size > 1:
        column = data.column(spec.paths[0])
        if len(column.distinct) == data.size and not column.multikey and not column.missing:
            yield "All values seen are different: whether it should be unique is for you to decide, after a check."


def _weight(spec: Spec, solution: Solution, data: Data) -> Iterator[str]:
    number = keys_per_document(spec, data)
    arrays = [path for path in spec.paths if data.column(path).multikey]
    if arrays and number >= _MANY_KEYS:
        yield f"{arrays[0]} holds arrays: about {number:.1f} keys are written for each document."
    there = len(solution.facts.indexes or ())
    if there + len(solution.chosen) > _MANY_INDEXES:
        yield f"The collection has {there} indexes already; each of them makes every write dearer."
    if solution.facts.capped:
        yield "The collection is capped: it keeps its order of insertion whatever the indexes are."
    if solution.facts.sharded:
        yield "The collection is sharded: the figures are sums over all shards, and the index is built on each of them."
