"""The slot-based engine (SBE): its execution tree has other nodes than its plan; `planNodeId` holds both together."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from msgspec.structs import replace

from perftui.advice.plans.reading import NAME_LIMIT, Document, PlanReading, first_count, part, text, time_ms
from perftui.advice.plans.stage import CUT, children, counters, described, read_stage
from perftui.model.numbers import whole
from perftui.model.plan import Stage

_NODES = 5000
_DEPTH = 200
_SCANS = frozenset(("scan", "pscan", "columnscan", "COLUMN_SCAN"))
_SEEKS = _SCANS | {"seek"}
_KEYS = frozenset(("ixseek", "ixscan", "ixscan_generic"))
_TELLING = {
    "sort": "SORT",
    "group": "GROUP",
    "block_group": "GROUP",
    "smerge": "SORT_MERGE",
    "unique": "OR",
    "union": "OR",
    "skip": "SKIP",
    "limitskip": "LIMIT",
    "limit": "LIMIT",
    "mkbson": "PROJECTION",
    "mkobj": "PROJECTION",
    "filter": "FILTER",
    "coscan": "EOF",
}
"""What a node of the execution makes of its stage, the most telling first."""


class Executed(NamedTuple):
    """All nodes of an execution that carry out one node of the plan: the topmost first."""

    nodes: list[Document]

    @property
    def counters(self) -> dict[str, Any]:
        """What the topmost passed on and how long it took; what all together examined."""
        top, named = self.nodes[0], [(text(node.get("stage"), NAME_LIMIT) or "", node) for node in self.nodes]
        keys = [first_count(node, "keysExamined", "numReads") for name, node in named if name in _KEYS]
        records = [first_count(node, "numReads") for name, node in named if name in _SEEKS]
        seeks = [first_count(node, "seeks") for name, node in named if name in _KEYS]
        below = [counters(node) for node in self.nodes]
        return {
            "keys_examined": _sum(keys),
            "documents_examined": _sum(records),
            "seeks": _sum(seeks),
            "returned": first_count(top, "nReturned"),
            "time_ms": time_ms(top),
            "memory_bytes": _sum([one["memory_bytes"] for one in below]),
            "used_disk": any(one["used_disk"] for one in below),
            "spills": _sum([one["spills"] for one in below]),
            "spilled_bytes": _sum([one["spilled_bytes"] for one in below]),
            "failed": any(node.get("failed") is True for node in self.nodes),
        }

    @property
    def opened_scans(self) -> int | None:
        """How often a whole collection was read."""
        return _sum([first_count(node, "opens") for node in self.nodes if node.get("stage") in _SCANS])


def read_planned(query_plan: Document, execution: Document | None, reading: PlanReading, ns: str | None) -> Stage:
    """The query plan, with the counters of its execution where there is one."""
    stage = read_stage(query_plan, reading, ns)
    return stage if execution is None else _with_counters(stage, query_plan, by_plan_node(execution))


def _with_counters(stage: Stage, node: Document, executed: dict[int, Executed]) -> Stage:
    """`stage` was read from `node`, so their inputs stand in the same order."""
    inputs = tuple(
        _with_counters(below, child, executed) for below, child in zip(stage.inputs, children(node), strict=False)
    )
    found = executed.pop(_plan_node(node, -1), None)
    if found is None:
        return replace(stage, inputs=inputs)
    scans = found.opened_scans if stage.ns is not None and inputs else None
    return replace(stage, inputs=inputs, collection_scans=scans, **found.counters)


def by_plan_node(execution: Document) -> dict[int, Executed]:
    """The nodes of an execution by the node of the plan that they carry out."""
    found: dict[int, Executed] = {}
    for number, node in _walk(execution, -1, 0, [_NODES]):
        found.setdefault(number, Executed([])).nodes.append(node)
    return found


def _walk(node: Document, above: int, depth: int, left: list[int]) -> Iterator[tuple[int, Document]]:
    left[0] -= 1
    if left[0] < 0 or depth > _DEPTH:
        return
    number = _plan_node(node, above)
    yield number, node
    for child in children(node):
        yield from _walk(child, number, depth + 1, left)


def _plan_node(node: Document, above: int) -> int:
    number = whole(node.get("planNodeId"))
    return above if number is None else number


def read_executed(execution: Document, reading: PlanReading, depth: int = 0) -> Stage:
    """A profile holds the execution alone: the nodes of one `planNodeId` are a stage, named by what they do."""
    if not reading.enter(depth):
        return Stage(name=CUT)
    number = _plan_node(execution, -1)
    own, below = [], []
    waiting, left = [execution], _NODES
    while waiting and left:
        node, left = waiting.pop(), left - 1
        if _plan_node(node, number) == number:
            own.append(node)
            waiting.extend(reversed(list(children(node))))
        else:
            below.append(node)
    found = Executed(own)
    inputs = tuple(read_executed(node, reading, depth + 1) for node in below)
    index = next((name for node in own if (name := text(node.get("indexName"), NAME_LIMIT))), None)
    told = {"name": _name(own), "index": index, "limit": _limit(own), "filter": None}
    return Stage(**described(execution) | found.counters | told, inputs=inputs)


def _name(nodes: list[Document]) -> str:
    kinds = {text(node.get("stage"), NAME_LIMIT) or "" for node in nodes if not _takes_one(node)}
    if any("lookup" in kind for kind in kinds) or (kinds & _SEEKS and kinds & {"group", "unwind", "hj"}):
        return "EQ_LOOKUP"
    if kinds & _SEEKS:
        return "COLLSCAN" if kinds & _SCANS else "FETCH"
    if kinds & _KEYS:
        return "IXSCAN"
    telling = next((name for kind, name in _TELLING.items() if kind in kinds), None)
    return telling or (text(nodes[0].get("stage"), NAME_LIMIT) or "UNKNOWN").upper()


def _takes_one(node: Document) -> bool:
    """A limit that belongs to a seek or to a constant, not to the command."""
    below = part(node, "inputStage").get("stage")
    return node.get("stage") == "limit" and below in ("seek", "coscan") and node.get("limit") in (0, 1)


def _limit(nodes: list[Document]) -> int | None:
    return next((first_count(node, "limit") for node in nodes if "limit" in node and not _takes_one(node)), None)


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
