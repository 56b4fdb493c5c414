"""Which stage takes the time: each one's own, and the one to look at first."""

from collections.abc import Callable, Iterator
from typing import Final

from msgspec.structs import replace

from perftui.advice.plans.walk import COLLECTION_SCANS
from perftui.model.plan import Stage

Path = tuple[int, ...]
_SORTS: Final = frozenset(("SORT", "$sort"))
_AT_ONCE = frozenset(("SHARD_MERGE", "SHARD_MERGE_SORT", "SHARD_WRITE", "$facet"))
"""Their inputs run beside each other, or the same time is counted in more than one of them."""
_PASSES_ON = frozenset(("$internalFacetTeeConsumer", "$_internalFacetTeeConsumer", "$teeConsumer"))
_HANDS_ON = frozenset(
    ("SHARD_MERGE", "SHARD_MERGE_SORT", "SINGLE_SHARD", "SHARD_WRITE", "SHARDING_FILTER", "SUBPLAN", "CACHED_PLAN")
) | {"LIMIT", "SKIP", "OR", "RETURN_KEY", "$limit", "$skip", "$mergeCursors", "$_internalUnpackBucket"}
_TELLING_MS = 2.0
"""Stages are timed in whole milliseconds: less says nothing."""
_DOCUMENT_COST = 2
_NO_INDEX_NEEDED = "NonExistentForeignCollection"


def with_own_times(stage: Stage) -> Stage:
    """The same tree with each stage's time less that of its inputs."""
    inputs = tuple(with_own_times(one) for one in stage.inputs)
    return replace(stage, inputs=inputs, own_time_ms=_own_time(stage))


def _own_time(stage: Stage) -> float | None:
    if stage.time_ms is None:
        return None
    if stage.name in _PASSES_ON:
        return 0.0
    below = [one.time_ms for one in stage.inputs if one.time_ms is not None]
    spent = max(below, default=0.0) if stage.name in _AT_ONCE else sum(below)
    return round(max(stage.time_ms - spent, 0.0), 6)


def walk(stage: Stage, path: Path = ()) -> Iterator[tuple[Path, Stage]]:
    """Every stage from the root down with its path, each before its inputs."""
    yield path, stage
    for position, below in enumerate(stage.inputs):
        yield from walk(below, (*path, position))


def worst_of(root: Stage) -> Path:
    """By its own time; else by what it examined; else a collection scan before a blocking sort; else the root."""
    for weights in (_by_time(root), _by(root, _examined), _by(root, _kind)):
        path, weight = max(weights, key=lambda found: found[1])
        if weight > 0:
            return path
    return ()


def _by(root: Stage, weigh: Callable[[Stage], float]) -> list[tuple[Path, float]]:
    return [(path, weigh(stage)) for path, stage in walk(root)]


def _by_time(root: Stage) -> list[tuple[Path, float]]:
    """A stage that only hands on leaves its own time to the one below: nothing can be done about it itself."""
    found: list[tuple[Path, float]] = []
    handed_down: dict[Path, float] = {}
    for path, stage in walk(root):
        own = (stage.own_time_ms or 0.0) + handed_down.get(path, 0.0)
        if stage.name in _HANDS_ON or stage.name.startswith("PROJECTION_"):
            if len(stage.inputs) == 1:
                handed_down[(*path, 0)] = own
            own = 0.0
        found.append((path, own if own >= _TELLING_MS else 0.0))
    return found


def _examined(stage: Stage) -> float:
    return (stage.keys_examined or 0) + _DOCUMENT_COST * (stage.documents_examined or 0)


def _kind(stage: Stage) -> float:
    if scans_collection(stage):
        return 3.0
    if stage.name in _SORTS:
        return 2.0
    return 1.0 if stage.name == "FETCH" and stage.filter else 0.0


def scans_collection(stage: Stage) -> bool:
    """It reads a whole collection: a scan, or a lookup whose foreign side has no index."""
    if stage.name in COLLECTION_SCANS or stage.collection_scans:
        return True
    unindexed = stage.name.startswith("EQ_LOOKUP") and stage.index is None
    return unindexed and not (stage.detail or "").startswith((_NO_INDEX_NEEDED, "?"))
