"""A sharded reply: the plan of each shard under one stage that puts their results together."""

from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from perftui.advice.plans.pipeline import ReadCursor, read_pipeline
from perftui.advice.plans.reading import NAME_LIMIT, Document, PlanReading, documents, first_count, part, text
from perftui.advice.plans.stage import CUT, counters
from perftui.model.plan import Stage

ReadReply = Callable[[Document, PlanReading], tuple[Stage, tuple[Stage, ...]]]
"""Reads what one server answers: the winning plan and those rejected."""
_SHARDS: Final = 200


def is_sharded_query(planner: Document) -> bool:
    return "shards" in part(planner, "winningPlan")


def read_sharded_query(reply: Document, reading: PlanReading, read_reply: ReadReply) -> tuple[Stage, tuple[Stage, ...]]:
    """A find, count, distinct or write through a mongos: SHARD_MERGE, SINGLE_SHARD, SHARD_WRITE."""
    merge = part(part(reply, "queryPlanner"), "winningPlan")
    execution = part(part(reply, "executionStats"), "executionStages")
    executed = {one.get("shardName"): one for one in _shards(execution) if isinstance(one.get("shardName"), str)}
    if not any("totalDocsExamined" in one for one in executed.values()):
        # Shards of old versions tell only their stages.
        reading.add(first_count(execution, "totalKeysExamined"), first_count(execution, "totalDocsExamined"))
    winning: list[Stage] = []
    rejected: list[Stage] = []
    for planned in _shards(merge):
        name = planned.get("shardName")
        ran = executed.get(name) if isinstance(name, str) else None
        stage, others = read_reply(_as_reply(planned, ran), reading)
        winning.append(on_shard(stage, name))
        rejected.extend(on_shard(other, name) for other in others)
    found = counters(execution) | {"keys_examined": None, "documents_examined": None}
    name = text(merge.get("stage"), NAME_LIMIT) or "SHARD_MERGE"
    return Stage(name=name, inputs=tuple(winning), **found), tuple(rejected)


def _shards(merge: Document) -> list[Document]:
    return list(documents(merge.get("shards")))[:_SHARDS]


def _as_reply(planned: Document, executed: Document | None) -> Document:
    reply = {"queryPlanner": planned, "explainVersion": planned.get("explainVersion")}
    return reply if executed is None else {**reply, "executionStats": executed}


def read_sharded_pipeline(
    reply: Document, reading: PlanReading, read_reply: ReadReply, read_cursor: ReadCursor
) -> tuple[Stage, tuple[Stage, ...]]:
    """An aggregate through a mongos: each shard's plan, then what merges them."""
    inputs: list[Stage] = []
    rejected: list[Stage] = []
    for name, answer in list(part(reply, "shards").items())[:_SHARDS]:
        if isinstance(answer, Mapping):
            stage, others = read_reply(answer, reading)
            inputs.append(on_shard(stage, name))
            rejected.extend(on_shard(other, name) for other in others)
    kind = "SINGLE_SHARD" if len(inputs) == 1 else "SHARD_MERGE"
    where = text(reply.get("mergeType"), NAME_LIMIT)
    merged = Stage(name=kind, detail=where and f"on {where}", inputs=tuple(inputs), returned=_added(inputs))
    merger = part(reply, "splitPipeline").get("mergerPart")
    last = read_pipeline(merger, reading, read_cursor)
    return merged if last is None else below(last, merged), tuple(rejected)


def _added(shards: list[Stage]) -> int | None:
    counts = [shard.returned for shard in shards if shard.returned is not None]
    return sum(counts) if counts and len(counts) == len(shards) else None


def below(last: Stage, first: Stage) -> Stage:
    """The chain that ends in `last`, with `first` under its first stage."""
    if not last.inputs or last.name == CUT:
        return replace(last, inputs=(*last.inputs, first))
    return replace(last, inputs=(below(last.inputs[0], first), *last.inputs[1:]))


def on_shard(stage: Stage, shard: object) -> Stage:
    """The shard's name on its root: what is below runs there too."""
    return replace(stage, shard=text(shard, NAME_LIMIT))
