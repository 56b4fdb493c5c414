"""The stages of an aggregation as a chain: the first reads, each other one takes what the one before gives."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from perftui.advice.plans.reading import (
    NAME_LIMIT,
    Document,
    PlanReading,
    as_document,
    documents,
    first_count,
    json_text,
    key_pattern,
    names_text,
    part,
    text,
    time_ms,
)
from perftui.advice.plans.stage import CUT, counters
from perftui.model.numbers import whole
from perftui.model.plan import Stage

ReadCursor = Callable[[Document, PlanReading], Stage]
"""Reads what stands under `$cursor`: queryPlanner and executionStats."""
_MEMORY: Final = ("maxTotalMemoryUsageBytes", "peakTrackedMemBytes", "maxUsedMemoryBytes")
_MEMORY_EACH: Final = ("maxAccumulatorMemoryUsageBytes", "maxFunctionMemoryUsageBytes")
_SHOWN = 200


def read_pipeline(stages: object, reading: PlanReading, read_cursor: ReadCursor, depth: int = 0) -> Stage | None:
    """The last stage of the chain, with all before it as its inputs; `None` for an empty one."""
    last: Stage | None = None
    for length, document in enumerate(documents(stages)):
        before = () if last is None else (last,)
        if not reading.enter(depth + length):
            return Stage(name=CUT, inputs=before)
        name, body = _named(document)
        if "queryPlanner" in as_document(body):
            last = _cursor(document, body, reading, read_cursor)
            continue
        beside = [read_pipeline(chain, reading, read_cursor, depth + length + 1) for chain in _chains(name, body)]
        inputs = (*before, *(stage for stage in beside if stage is not None))
        last = Stage(**_described(document, name, body, reading), inputs=inputs)
    return last


def _named(document: Document) -> tuple[str, Any]:
    """`{$sort: ..., nReturned: ...}`: the stage's name is the key that begins with a `$`, and comes first."""
    name = next((key for key in document if isinstance(key, str) and key[:1] == "$"), "")
    return text(name, NAME_LIMIT) or "UNKNOWN", document.get(name)


def _cursor(document: Document, body: Document, reading: PlanReading, read_cursor: ReadCursor) -> Stage:
    """The plan below; its time counts what handing over the documents took."""
    stage = read_cursor(body, reading)
    handed_over = time_ms(document)
    return stage if handed_over is None else replace(stage, time_ms=max(handed_over, stage.time_ms or 0.0))


def _described(document: Document, name: str, body: Any, reading: PlanReading) -> dict[str, Any]:
    found = counters(document)
    reading.add(found["keys_examined"], found["documents_examined"])
    found["memory_bytes"] = _memory(document, found["memory_bytes"])
    fields = as_document(body)
    return {
        **found,
        "name": name,
        "ns": _collection(name, body, reading),
        "filter": json_text(body) if name == "$match" else None,
        "sort": key_pattern(fields.get("sortKey") or body) if name == "$sort" else (),
        "limit": whole(body) if name == "$limit" else first_count(fields, "limit") if name == "$sort" else None,
        "index": _index(document),
        "detail": _DETAILS[name](body) if name in _DETAILS else None,
    }


def _memory(document: Document, known: int | None) -> int | None:
    """`$group` tells it for each accumulator."""
    if known is not None:
        return known
    total = first_count(document, *_MEMORY)
    if total is not None:
        return total
    each = [max(whole(value) or 0, 0) for name in _MEMORY_EACH for value in list(part(document, name).values())[:1000]]
    return sum(each) if each else None


def _chains(name: str, body: Any) -> list[Any]:
    """The chains beside the main one: those of a `$facet`, and what a `$unionWith` adds."""
    if name == "$facet":
        return list(as_document(body).values())[:100]
    return [as_document(body).get("pipeline")] if name == "$unionWith" else []


def _collection(name: str, body: Any, reading: PlanReading) -> str | None:
    fields = as_document(body)
    if name in ("$lookup", "$graphLookup"):
        return reading.beside(fields.get("from"))
    if name in ("$unionWith", "$out", "$merge"):
        return reading.beside(fields.get("into") or body)
    return None


def _index(document: Document) -> str | None:
    used = document.get("indexesUsed")
    return text(used[0], NAME_LIMIT) if isinstance(used, list | tuple) and used else None


def _group(body: Any) -> str | None:
    key = as_document(body).get("_id")
    if isinstance(key, Mapping) and set(key) == {"$const"}:
        key = key["$const"]
    return None if key is None else f"by {_short(key)}"


def _lookup(body: Any) -> str | None:
    fields = as_document(body)
    local, foreign = text(fields.get("localField"), NAME_LIMIT), text(fields.get("foreignField"), NAME_LIMIT)
    if local and foreign:
        return f"{local} = {foreign}"
    return "its own pipeline" if "pipeline" in fields else None


def _graph_lookup(body: Any) -> str | None:
    fields = as_document(body)
    return f"{_short(fields.get('connectFromField'))} -> {_short(fields.get('connectToField'))}"


def _window(body: Any) -> str | None:
    fields = as_document(body)
    return f"by {_short(fields['partitionBy'])}" if fields.get("partitionBy") else None


def _short(value: object) -> str:
    return (text(value, _SHOWN) or "") if isinstance(value, str) else json_text(value, _SHOWN)


def _fields(body: Any) -> str | None:
    return names_text(body)


def _path(body: Any) -> str | None:
    return text(body, _SHOWN) if isinstance(body, str) else text(as_document(body).get("path"), _SHOWN)


def _number(body: Any) -> str | None:
    number = first_count(body, "size") if isinstance(body, Mapping) else whole(body)
    return None if number is None else f"{number:,}"


_DETAILS: dict[str, Callable[[Any], str | None]] = {
    "$group": _group,
    "$lookup": _lookup,
    "$graphLookup": _graph_lookup,
    "$_internalSetWindowFields": _window,
    "$setWindowFields": _window,
    "$project": _fields,
    "$addFields": _fields,
    "$set": _fields,
    "$unset": _fields,
    "$facet": _fields,
    "$unwind": _path,
    "$skip": _number,
    "$sample": _number,
    "$sampleFromRandomCursor": _number,
}
