"""What a plan says at any depth: the stages that read, sort, fetch and join."""

from collections.abc import Iterator

from perftui.model.plan import Plan, Stage

COLLECTION_SCANS = frozenset(("COLLSCAN", "COLUMN_SCAN"))
_JOINS = frozenset(("$lookup", "$graphLookup", "EQ_LOOKUP", "EQ_LOOKUP_UNWIND"))
_SORTS = frozenset(("SORT", "$sort"))
_BESIDE = _JOINS | {"$unionWith"}
"""Only their first input reads the plan's own collection."""
_SCANNING_STRATEGIES = ("NestedLoopJoin", "HashJoin")
_WRITES = frozenset(("UPDATE", "DELETE", "BATCHED_DELETE", "COUNT"))


def stages(stage: Stage) -> Iterator[Stage]:
    """This stage and all below it."""
    yield stage
    for each in stage.inputs:
        yield from stages(each)


def own_stages(plan: Plan) -> Iterator[Stage]:
    """Those that work on the plan's own collection, not on one that is joined."""
    yield from _own(plan.winning)


def _own(stage: Stage) -> Iterator[Stage]:
    yield stage
    for each in stage.inputs[:1] if stage.name in _BESIDE else stage.inputs:
        yield from _own(each)


def collection_scans(plan: Plan) -> list[Stage]:
    """Scans of the plan's own collection."""
    return [stage for stage in own_stages(plan) if stage.name in COLLECTION_SCANS]


def blocking_sorts(plan: Plan) -> list[Stage]:
    """Sorts in memory or on disk, wherever they stand."""
    return [stage for stage in stages(plan.winning) if stage.name in _SORTS]


def joins_without_index(plan: Plan) -> list[Stage]:
    """Joins that read the whole foreign collection, as far as the plan tells."""
    return [stage for stage in stages(plan.winning) if stage.name in _JOINS and _scans_foreign(stage)]


def _scans_foreign(stage: Stage) -> bool:
    if (stage.detail or "").startswith(_SCANNING_STRATEGIES):
        return True
    if stage.collection_scans is not None:
        return stage.collection_scans > 0
    return stage.index is None and bool(stage.documents_examined) and stage.keys_examined == 0


def kept_by_scan(plan: Plan) -> int | None:
    """How many of the documents read passed the filter; `None` where several kinds of stages read them."""
    reading = [stage for stage in own_stages(plan) if stage.name in COLLECTION_SCANS or stage.name == "FETCH"]
    known = [stage.returned for stage in reading if stage.returned is not None]
    one_kind = len(reading) == 1 or all(stage.name in COLLECTION_SCANS for stage in reading)
    return sum(known) if known and one_kind and len(known) == len(reading) else None


def returned(plan: Plan) -> int | None:
    """Documents that the plan gave, or that a write or count at its top took."""
    below = plan.winning.inputs[:1]
    return below[0].returned if plan.winning.name in _WRITES and below else plan.returned
