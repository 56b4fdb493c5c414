"""What an execution costs by the server's own counters: keys + 2 documents + n log2 n for a blocking sort."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pymongo.database import Database
from pymongo.errors import OperationFailure

from .workload import Command

Reply = Mapping[str, Any]
FAILS = math.inf
_NO_TEXT_INDEX, _NO_GEO_INDEX, _NO_TEXT_INDEX_NEWER = 27, 291, 17312


@dataclass(frozen=True)
class Cost:
    """The mean of several executions."""

    total: float
    keys: float = 0.0
    documents: float = 0.0
    sorting: float = 0.0
    returned: float | None = None
    """`None` where the profiler does not tell it either."""
    indexes: frozenset[str] = frozenset()


FAILED = Cost(FAILS)


def plan_indexes(database: Database[Any], command: Command) -> frozenset[str] | None:
    """The names of the indexes that the planner chooses; `None`: the command cannot be run."""
    reply = _explain(database, command, "queryPlanner")
    return None if reply is None else _index_names(reply)


def cost_of(database: Database[Any], commands: Sequence[Command]) -> Cost:
    """Of the commands as the planner runs them, without a hint. Writes are explained only: they change nothing."""
    costs = [_cost(_explain(database, command, "executionStats")) for command in commands]
    if any(cost.total == FAILS for cost in costs):
        return FAILED
    count = len(costs)
    return Cost(
        sum(cost.total for cost in costs) / count,
        sum(cost.keys for cost in costs) / count,
        sum(cost.documents for cost in costs) / count,
        sum(cost.sorting for cost in costs) / count,
        None if costs[0].returned is None else sum(cost.returned or 0.0 for cost in costs) / count,
        frozenset().union(*(cost.indexes for cost in costs)),
    )


def _explain(database: Database[Any], command: Command, verbosity: str) -> Reply | None:
    try:
        explained = {"explain": command, "verbosity": verbosity}
        # Bounds of a date hold the greatest date there is, which Python has none for.
        reply: Reply = database.command(explained, codec_options=database.codec_options)
        return reply
    except OperationFailure as error:
        if error.code in (_NO_TEXT_INDEX, _NO_GEO_INDEX, _NO_TEXT_INDEX_NEWER):
            return None
        raise


def _cost(reply: Reply | None) -> Cost:
    if reply is None:
        return FAILED
    keys = documents = sorting = 0.0
    for part in _executions(reply):
        keys += part.get("totalKeysExamined", 0)
        documents += part.get("totalDocsExamined", 0)
        sorting += sum(_sort_cost(stage) for stage in _stages(part.get("executionStages", {})))
    sorting += _pipeline_sorts(reply.get("stages", ()))
    return Cost(keys + 2 * documents + sorting, keys, documents, sorting, _returned(reply), _index_names(reply))


def _returned(reply: Reply) -> float | None:
    """Documents that the command gave back, changed or removed."""
    if "stages" in reply:
        return float(reply["stages"][-1].get("nReturned", 0))
    found = reply["executionStats"]
    changed = [
        stage[name]
        for stage in _stages(found["executionStages"])
        for name in ("nMatched", "nWouldDelete")
        if name in stage
    ]
    if any(stage.get("stage") == "COUNT" for stage in _stages(found["executionStages"])):
        return None
    return float(max([found["nReturned"], *changed]))


def _executions(reply: Reply) -> Iterator[Reply]:
    """The blocks that hold counters: the command's, a pipeline's first stage's, each join's."""
    if "executionStats" in reply:
        yield reply["executionStats"]
    for stage in reply.get("stages", ()):
        if "$cursor" in stage:
            yield stage["$cursor"].get("executionStats", {})
        elif "totalDocsExamined" in stage:
            yield {key: float(stage[key]) for key in ("totalDocsExamined", "totalKeysExamined")}
        elif "$geoNearCursor" in stage:
            yield stage["$geoNearCursor"].get("executionStats", {})


def _stages(stage: Reply) -> Iterator[Reply]:
    yield stage
    for name in ("inputStage", "outerStage", "innerStage", "thenStage", "elseStage"):
        if name in stage:
            yield from _stages(stage[name])
    for inner in stage.get("inputStages", ()):
        yield from _stages(inner)


def _sort_cost(stage: Reply) -> float:
    if stage.get("stage") not in ("SORT", "sort"):
        return 0.0
    kept = stage.get("limitAmount") or stage.get("limit")
    return sorting_cost(stage.get("inputStage", {}).get("nReturned", 0), kept)


def sorting_cost(documents: float, kept: float | None) -> float:
    """n log2 n, and n log2 k where only the first k are kept."""
    return documents * math.log2(max(2, min(documents, kept or documents))) if documents > 1 else 0.0


def _pipeline_sorts(stages: Sequence[Reply]) -> float:
    cost, before = 0.0, 0.0
    for stage in stages:
        if "$sort" in stage:
            cost += sorting_cost(before, (stage["$sort"] or {}).get("limit"))
        before = float(stage.get("nReturned", before))
    return cost


def _index_names(value: Any) -> frozenset[str]:
    """Of the winning plan, and of what joins used."""
    found: set[str] = set()
    _collect(value, found)
    return frozenset(found)


def _collect(value: Any, found: set[str]) -> None:
    if isinstance(value, Mapping):
        for key, one in value.items():
            if key == "indexName":
                found.add(one)
            elif key == "indexesUsed":
                found.update(one)
            elif key != "rejectedPlans":
                _collect(one, found)
    elif isinstance(value, list):
        for one in value:
            _collect(one, found)
