"""A node of the classic engine's plan, and what the query plan of SBE tells in the same words."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from perftui.advice.plans.reading import (
    NAME_LIMIT,
    Document,
    PlanReading,
    documents,
    first_count,
    json_text,
    key_pattern,
    names_text,
    part,
    text,
    time_ms,
)
from perftui.model.bson_text import number_text, special
from perftui.model.plan import Stage
from perftui.model.text import safe_text

CUT: Final = "…"
"""The name of what stands for stages beyond the bounds."""
_INTERVALS = 20
_CHILDREN = ("inputStage", "inputStages", "outerStage", "innerStage", "thenStage", "elseStage")
_MEMORY = ("totalDataSizeSorted", "totalDataSizeSortedBytesEstimate", "peakTrackedMemBytes", "memUsage")
_SPILLED = ("spilledBytes", "spilledDataStorageSize", "spilledUncompressedDataSize", "spilledBytesApprox")
_MATCHED = {
    "UPDATE": "nMatched",
    "DELETE": "nWouldDelete",
    "BATCHED_DELETE": "nWouldDelete",
    "COUNT": "nCounted",
    "RECORD_STORE_FAST_COUNT": "nCounted",
    "EXPRESS_UPDATE": "nMatched",
    "EXPRESS_DELETE": "nWouldDelete",
}
_BY_ID = frozenset(("IDHACK", "EXPRESS_IDHACK"))
Found = dict[str, Any]


def read_stage(node: Document, reading: PlanReading, ns: str | None = None, depth: int = 0) -> Stage:
    """The stage with all its inputs; `ns` is the collection where it is another than the command's."""
    if not reading.enter(depth):
        return Stage(name=CUT)
    inputs = tuple(read_stage(child, reading, ns, depth + 1) for child in children(node))
    return Stage(
        **described(node), **counters(node), ns=_foreign(node, reading) or (None if inputs else ns), inputs=inputs
    )


def children(node: Document) -> Iterator[Document]:
    """The nodes right below, in the order of the server."""
    for name in _CHILDREN:
        below = node.get(name)
        if isinstance(below, Mapping):
            yield below
        else:
            yield from documents(below)


def described(node: Document) -> Found:
    """What the node is: everything but its counters and its inputs."""
    name = text(node.get("stage"), NAME_LIMIT) or "UNKNOWN"
    index = text(node.get("indexName"), NAME_LIMIT)
    detail = _DETAILS.get(name)
    return {
        "name": name,
        "index": index or ("_id_" if name in _BY_ID else None),
        "keys": key_pattern(node.get("keyPattern") or node.get("indexKeyPattern")),
        "bounds": _bounds(node),
        "backwards": node.get("direction") == "backward",
        "multikey": node.get("isMultiKey") is True,
        "filter": json_text(node["filter"]) if node.get("filter") else None,
        "sort": key_pattern(node.get("sortPattern")),
        "limit": first_count(node, "limitAmount"),
        "detail": detail(node) if detail else names_text(node.get("transformBy")),
        "failed": node.get("failed") is True,
    }


def counters(node: Document) -> Found:
    """What the node counted and how long it took; `None` where only the planner was asked."""
    name = node.get("stage")
    matched = _MATCHED.get(name) if isinstance(name, str) else None
    return {
        "keys_examined": first_count(node, "keysExamined", "totalKeysExamined"),
        "documents_examined": first_count(node, "docsExamined", "totalDocsExamined"),
        "returned": first_count(node, *([matched] if matched else []), "nReturned"),
        "time_ms": time_ms(node),
        "works": first_count(node, "works"),
        "memory_bytes": first_count(node, *_MEMORY),
        "used_disk": node.get("usedDisk") is True,
        "spills": first_count(node, "spills", "numSpills"),
        "spilled_bytes": first_count(node, *_SPILLED),
        "seeks": first_count(node, "seeks"),
        "collection_scans": first_count(node, "collectionScans"),
    }


def _foreign(node: Document, reading: PlanReading) -> str | None:
    foreign = text(node.get("foreignCollection"), NAME_LIMIT)
    return foreign if foreign is None or "." in foreign else reading.beside(foreign)


def _bounds(node: Document) -> tuple[tuple[str, tuple[str, ...]], ...]:
    bounds = part(node, "indexBounds")
    if "startKey" in bounds or "endKey" in bounds:
        return _key_range(bounds)
    if "minRecord" in node or "maxRecord" in node:
        return (("_id", (f"[{_end(node, 'minRecord')}, {_end(node, 'maxRecord')}]",)),)
    return tuple((text(str(field), NAME_LIMIT) or "", _intervals(items)) for field, items in list(bounds.items())[:32])


def _intervals(items: object) -> tuple[str, ...]:
    if not isinstance(items, list | tuple):
        return ()
    shown = tuple(text(item, NAME_LIMIT) or json_text(item, NAME_LIMIT) for item in items[:_INTERVALS])
    return (*shown, f"… {len(items) - _INTERVALS:,} more") if len(items) > _INTERVALS else shown


def _key_range(bounds: Document) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """COUNT_SCAN tells the first and the last key instead of intervals."""
    start, end = part(bounds, "startKey"), part(bounds, "endKey")
    found = []
    for field in list(start)[:32]:
        low, high = _end(start, field), _end(end, field)
        first = "(" if low != high and bounds.get("startKeyInclusive") is False else "["
        last = ")" if low != high and bounds.get("endKeyInclusive") is False else "]"
        found.append((text(str(field), NAME_LIMIT) or "", (f"{first}{low}, {high}{last}",)))
    return tuple(found)


def _end(document: Document, name: str) -> str:
    """One end of an interval as the server would write it."""
    value = document.get(name)
    if isinstance(value, float):
        return number_text(value)
    is_plain = value is None or isinstance(value, str | int | Mapping | list | tuple)
    return json_text(value, NAME_LIMIT) if is_plain else safe_text(special(value), NAME_LIMIT)


def _lookup(node: Document) -> str | None:
    """`HashJoin, u = _id`: how the foreign collection is read, and on which fields."""
    strategy = text(node.get("strategy"), 60) or "?"
    local, foreign = text(node.get("localField"), NAME_LIMIT), text(node.get("foreignField"), NAME_LIMIT)
    return f"{strategy}, {local} = {foreign}" if local and foreign else strategy


def _terms(node: Document) -> str | None:
    terms = part(node, "parsedTextQuery").get("terms")
    words = [text(term, 60) or "" for term in terms[:12]] if isinstance(terms, list | tuple) else []
    return ", ".join(words) or None


def _skip(node: Document) -> str | None:
    """Only as planned: an execution counts it down."""
    skipped = None if "nReturned" in node else first_count(node, "skipAmount")
    return None if skipped is None else f"{skipped:,}"


def _update(node: Document) -> str | None:
    changed, added = first_count(node, "nWouldModify"), first_count(node, "nWouldUpsert")
    if changed is None:
        return None
    return f"changes {changed:,}" + (f", inserts {added:,}" if added else "")


def _delete(node: Document) -> str | None:
    gone = first_count(node, "nWouldDelete")
    return None if gone is None else f"deletes {gone:,}"


_DETAILS: dict[str, Callable[[Document], str | None]] = {
    "EQ_LOOKUP": _lookup,
    "EQ_LOOKUP_UNWIND": _lookup,
    "TEXT_MATCH": _terms,
    "TEXT": _terms,
    "SKIP": _skip,
    "UPDATE": _update,
    "DELETE": _delete,
    "BATCHED_DELETE": _delete,
    "EXPRESS_UPDATE": _update,
    "EXPRESS_DELETE": _delete,
}
