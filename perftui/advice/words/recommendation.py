"""A chosen index as a recommendation, with its figures and its reasons."""

import json
import math
from typing import Any

from perftui.advice.choice.demand import Demand
from perftui.advice.choice.solve import Solution
from perftui.advice.choice.writes import keys_per_document, size_bytes
from perftui.advice.costs.access import Access, saving
from perftui.advice.costs.spec import Spec
from perftui.advice.words.mongosh import create_command, index_name, plain_value
from perftui.advice.words.reasons import reason_of
from perftui.advice.words.warnings import warnings_for
from perftui.model.analysis import Expected, Recommendation, ServedShape

_LEAST = 3.0
"""Of an execution: a key and a document, even where the model expects that mostly nothing is found."""


def recommendation(spec: Spec, solution: Solution) -> Recommendation:
    demands = sorted(solution.serving[spec], key=lambda demand: (-_saved(solution, demand), demand.load.id))
    data = demands[0].instances[0].data
    options = options_of(spec)
    name = index_name(spec.keys, _suffix(spec))
    taken = {index.name for index in solution.facts.indexes or ()}
    if name in taken or options:
        while name in taken:
            name += "_2"
    shown = {**options, "name": name} if name != index_name(spec.keys) else options
    return Recommendation(
        ns=solution.facts.ns,
        keys=spec.keys,
        options=options,
        name=name,
        serves=tuple(dict.fromkeys(demand.load.id for demand in demands)),
        supersedes=tuple(old.existing.name for old in solution.superseded.get(spec, ()) if old.existing is not None),
        reason=reason_of(spec, demands),
        expected=_expected(solution, demands),
        command=create_command(solution.facts.ns, spec.keys, shown),
        warnings=warnings_for(spec, solution),
        shapes=tuple(_served(solution, demand) for demand in demands),
        size_bytes=size_bytes(spec, data),
        write_cost=round(keys_per_document(spec, data), 2),
    )


def options_of(spec: Spec) -> dict[str, Any]:
    """Of createIndexes, as relaxed extended JSON."""
    options: dict[str, Any] = dict(spec.options)
    if spec.sparse:
        options["sparse"] = True
    if spec.partial_filter is not None:
        options["partialFilterExpression"] = plain_value(spec.partial_filter)
    if spec.collation is not None:
        options["collation"] = json.loads(spec.collation)
    return options


def _suffix(spec: Spec) -> str:
    if spec.partial_filter is not None:
        return "_partial"
    return "_collation" if spec.collation is not None else ""


def _today(solution: Solution, demand: Demand) -> Access:
    return next(each.today for each in solution.judged if each.demand is demand)


def _saved(solution: Solution, demand: Demand) -> float:
    return saving(_today(solution, demand), solution.after[demand]) * demand.executions


def _expected(solution: Solution, demands: list[Demand]) -> Expected:
    weight = sum(demand.executions for demand in demands)
    after = [(solution.after[demand], demand.executions) for demand in demands]
    before = sum(max(_LEAST, _today(solution, demand).cost) * demand.executions for demand in demands)
    cost = sum(max(_LEAST, access.cost) * number for access, number in after)
    return Expected(
        keys_examined=round(sum(access.keys * number for access, number in after) / weight, 1),
        docs_examined=round(sum(access.documents * number for access, number in after) / weight, 1),
        improvement=round(before / cost, 1) if math.isfinite(before) else None,
    )


def _served(solution: Solution, demand: Demand) -> ServedShape:
    today, after = _today(solution, demand), solution.after[demand]
    return ServedShape(
        id=demand.load.id,
        shape=demand.load.shape,
        executions=demand.load.executions,
        keys_before=None if today.fails else round(today.keys, 1),
        docs_before=None if today.fails else round(today.documents, 1),
        cost_before=None if today.fails else round(today.cost, 1),
        keys_after=round(after.keys, 1),
        docs_after=round(after.documents, 1),
        cost_after=round(after.cost, 1),
        blocking_sort_after=after.blocking,
    )
