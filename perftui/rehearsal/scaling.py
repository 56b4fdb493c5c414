"""From what a plan counted on a sample to what it would count on the whole collection.

What is read to the end grows with the collection. What stops at a limit does not: it grows only until the limit is
reached. One that reaches its limit in the sample reads as much in the whole, as far as matches lie evenly in the order
of the scan.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from perftui.advice.costs.access import Access
from perftui.model.plan import Plan, Stage

_LIMITS = frozenset(("LIMIT", "$limit"))
_SORTS = frozenset(("SORT", "$sort"))
_SKIPS = frozenset(("SKIP", "$skip"))
_DRAINING = _SORTS | frozenset(("$group", "$bucket", "$bucketAuto", "$sortByCount", "$count", "COUNT", "GROUP"))
_JOINS = frozenset(("$lookup", "$graphLookup", "EQ_LOOKUP", "EQ_LOOKUP_UNWIND", "$unionWith"))
_READS = frozenset(("FETCH", "COLLSCAN"))
_NEAR = frozenset(("GEO_NEAR_2DSPHERE", "GEO_NEAR_2D", "$geoNearCursor"))
_DISTINCT = frozenset(("DISTINCT_SCAN",))


class Unscalable(Exception):  # noqa: N818 - an answer, not a fault
    """The counters of a sample say nothing of the whole; the message says why."""


class NotThere(Exception):  # noqa: N818 - an answer, not a fault
    """What these indexes would read was not fetched; the message says what."""


@dataclass
class _Counted:
    keys: float = 0.0
    documents: float = 0.0
    sorted: float = 0.0
    top: float | None = None


def scaled_access(plan: Plan, factor: float, *, stop: int | None = None) -> Access:
    """The counters of one execution over the whole.

    `factor`: documents of the whole for each in the sample. `stop`: results after which the command ends, limit and
    skip together. Raises `Unscalable`.
    """
    found = _Counted()
    root = plan.winning
    ratio = factor
    if stop is not None and root.name in ("UPDATE", "DELETE") and root.inputs:
        ratio = _until(stop, root.inputs[0].returned, factor)
    _count(root, ratio, factor, stop, found)
    if not found.keys and not found.documents:
        found.keys, found.documents = (plan.keys_examined or 0) * ratio, (plan.documents_examined or 0) * ratio
    return Access(
        keys=found.keys,
        documents=found.documents,
        returned=(plan.returned or 0) * (ratio if stop is None else 1.0),
        sorted=found.sorted if found.sorted > 1 else 0.0,
        top=found.top,
        covered=not any(stage.name in _READS for stage in own_stages(root)),
    )


def own_stages(stage: Stage) -> Iterator[Stage]:
    """Those that work on the plan's own collection, not on one that is joined."""
    yield stage
    for each in _own_inputs(stage):
        yield from own_stages(each)


def _own_inputs(stage: Stage) -> tuple[Stage, ...]:
    return stage.inputs[:1] if stage.name in _JOINS else stage.inputs


def _count(stage: Stage, ratio: float, factor: float, stop: int | None, found: _Counted) -> None:
    """`ratio`: how much more of this stage's work there is in the whole."""
    if factor > 1 and stage.name in _NEAR:
        raise Unscalable("how far a search by nearness goes depends on how densely documents lie")
    if factor > 1 and stage.name in _DISTINCT:
        raise Unscalable("a sample does not tell how many different values there are")
    if stage.name not in _JOINS:
        found.keys += _keys(stage, ratio)
        found.documents += (stage.documents_examined or 0) * ratio
    below = _ratio_below(stage, ratio, factor, stop)
    if stage.name in _SORTS and stage.inputs:
        _add_sort(stage, _output_ratio(stage.inputs[0], below, factor, stop), found)
    for each in _own_inputs(stage):
        _count(each, below, factor, stop, found)


def _ratio_below(stage: Stage, ratio: float, factor: float, stop: int | None) -> float:
    if stage.name in _DRAINING:
        return factor
    if stage.name in _LIMITS:
        return min(ratio, _limit_ratio(stage, factor, stop))
    return ratio


def _output_ratio(stage: Stage, ratio: float, factor: float, stop: int | None) -> float:
    """How many more documents come out of it."""
    return _limit_ratio(stage, factor, stop) if stage.name in _LIMITS else ratio


def _limit_ratio(stage: Stage, factor: float, stop: int | None) -> float:
    below = stage.inputs[0] if stage.inputs else stage
    if below.name in _SKIPS and below.inputs:
        return _until(stop or stage.limit, below.inputs[0].returned, factor)
    return _until(stage.limit, below.returned, factor)


def _until(limit: int | None, returned: int | None, factor: float) -> float:
    """The whole goes on until the limit is reached; the sample came as far as `returned`."""
    if not limit or not returned:
        return factor
    return min(factor, max(1.0, limit / returned))


def _keys(stage: Stage, ratio: float) -> float:
    """Keys in the bounds grow; one looked at for each interval in a list, to find its start, does not."""
    keys = float(stage.keys_examined or 0)
    seeks = (stage.seeks or 1) - 1
    if 0 < seeks <= _intervals(stage):
        misses = min(float(seeks), max(keys - (stage.returned or 0), 0.0))
        return (keys - misses) * ratio + misses
    return keys * ratio


def _intervals(stage: Stage) -> int:
    """Scans that the bounds ask for, as far as they are told."""
    number = 1
    for _, intervals in stage.bounds:
        last = intervals[-1] if intervals else ""
        more = int(last[2:-5].replace(",", "")) - 1 if last.startswith("… ") and last.endswith(" more") else 0
        number *= max(len(intervals) + more, 1)
    return number


def _add_sort(stage: Stage, ratio: float, found: _Counted) -> None:
    number = (stage.inputs[0].returned or 0) * ratio
    if number > found.sorted:
        found.sorted, found.top = number, stage.limit
