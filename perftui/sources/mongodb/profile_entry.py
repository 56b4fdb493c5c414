"""A profiled or logged execution, whatever its kind, as a slow query."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from msgspec.structs import replace

from perftui.advice.shapes.shape import Shape, shape_of
from perftui.model.command_text import to_json
from perftui.model.query import SlowQuery
from perftui.model.text import safe_text
from perftui.sources.mongodb.waits import lock_wait_ms, queue_wait_ms
from perftui.sources.numbers import real, whole

Entry = Mapping[str, object]
SAMPLE_SLOT_S = 15.0
"""Of each shape the slowest execution in this time carries its whole entry."""
_SLOTS_REMEMBERED = 2000


def slow_query(entry: Entry) -> SlowQuery:
    """Read one entry of `system.profile`, or a slow log line's attributes under the profile's names; never raises."""
    ns = safe_text(str(entry.get("ns", "")), 300)
    op, shape = _shape(entry, ns)
    command = entry.get("command")
    failed = entry.get("errMsg") or entry.get("exception") or entry.get("errName")
    return SlowQuery(
        at=seconds(entry.get("ts")),
        ns=ns,
        op=op,
        shape_id=shape.id,
        shape=shape.text,
        duration_ms=_duration_ms(entry),
        examined_documents=_count(entry, "docsExamined"),
        examined_keys=_count(entry, "keysExamined"),
        returned=_count(entry, "nreturned", "nMatched", "ndeleted"),
        plan_summary=_text(entry.get("planSummary"), 500),
        client=_text(entry.get("client"), 100),
        app_name=_text(entry.get("appName"), 128),
        user=_text(entry.get("user"), 128),
        sort_in_memory=entry.get("hasSortStage") is True,
        used_disk=entry.get("usedDisk") is True,
        replanned=entry.get("replanned") is True,
        response_bytes=_count(entry, "responseLength"),
        yields=_count(entry, "numYield"),
        write_conflicts=_count(entry, "writeConflicts") or 0,
        lock_wait_ms=lock_wait_ms(entry.get("locks")) or 0.0,
        queue_wait_ms=queue_wait_ms(entry.get("flowControl"), entry.get("queues"), entry.get("storage")) or 0.0,
        query_hash=_text(entry.get("queryHash") or entry.get("planCacheShapeHash"), 64),
        error=_text(failed, 500),
        error_code=_count(entry, "errCode", "exceptionCode"),
        comment=_comment(command, entry.get("originatingCommand")),
        executions=0 if op == "getmore" else 1,
    )


class SlowestEntries:
    """Which executions are the slowest of their shape in their 15 seconds so far, from one read to the next."""

    def __init__(self) -> None:
        self._longest_ms: dict[tuple[str, int], float] = {}

    def take(self, queries: Iterable[SlowQuery]) -> set[int]:
        """The positions of those that are slower than all before them in their slot, the last of each slot only."""
        positions: dict[tuple[str, int], int] = {}
        for position, query in enumerate(queries):
            key = query.shape_id, int(query.at // SAMPLE_SLOT_S)
            if query.duration_ms > self._longest_ms.get(key, -1.0):
                self._longest_ms[key] = query.duration_ms
                positions[key] = position
        self._forget_old()
        return set(positions.values())

    def _forget_old(self) -> None:
        if len(self._longest_ms) > _SLOTS_REMEMBERED:
            newest = max(slot for _, slot in self._longest_ms)
            self._longest_ms = {key: value for key, value in self._longest_ms.items() if key[1] >= newest - 1}


def slow_queries(entries: Iterable[Entry], slowest: SlowestEntries | None = None) -> tuple[SlowQuery, ...]:
    """Read entries, oldest first; the slowest of each shape in each 15 seconds carries its raw entry.

    `slowest` remembers from one read to the next which those are.
    """
    found = [(slow_query(entry), entry) for entry in entries]
    whole = (slowest or SlowestEntries()).take(query for query, _ in found)
    return tuple(
        replace(query, raw=to_json(entry)) if position in whole else query
        for position, (query, entry) in enumerate(found)
    )


def _shape(entry: Entry, ns: str) -> tuple[str, Shape]:
    command = entry.get("command")
    if not isinstance(command, Mapping):
        command = {"unknown": 1} if command is None else {"$truncated": str(command)}
    origin = entry.get("originatingCommand")
    getmore = entry.get("op") == "getmore" or "getMore" in command
    if getmore and isinstance(origin, Mapping):
        command = origin
    if "$truncated" in command:
        command = command_from_plan(entry, command, ns) or command
    shape = shape_of(command, ns)
    return "getmore" if getmore else shape.op, shape


def command_from_plan(entry: Entry, command: Entry, ns: str) -> Entry | None:
    """A command too long for the profile: its plan still holds the filter, unless an index took a part of it."""
    kind = str(command["$truncated"])[:20].lstrip('{ "').partition(":")[0].rstrip('" ')
    stages = list(_stages(entry.get("execStats")))
    if kind not in ("find", "count", "q", "distinct") or not any(stage.get("stage") == "COLLSCAN" for stage in stages):
        return None
    if any("indexBounds" in stage for stage in stages):
        return None
    query = next((stage["filter"] for stage in stages if "filter" in stage), {})
    sort = next((stage["sortPattern"] for stage in stages if "sortPattern" in stage), None)
    if kind == "q":
        return {"q": query, "u" if entry.get("op") == "update" else "limit": 1}
    name = ns.partition(".")[2]
    return {kind: name, "filter" if kind == "find" else "query": query, **({"sort": sort} if sort else {})}


def _stages(stats: object) -> Iterator[Entry]:
    for _ in range(50):
        if not isinstance(stats, Mapping):
            return
        yield stats
        stats = stats.get("inputStage")


def _comment(*commands: object) -> str | None:
    """The operation's own, else that of the command that its cursor came from."""
    for command in commands:
        if isinstance(command, Mapping) and (comment := _text(command.get("comment"), 200)) is not None:
            return comment
    return None


def _duration_ms(entry: Entry) -> float:
    micros = real(entry.get("durationMicros"))
    milliseconds = real(entry.get("millis")) if micros is None else micros / 1000
    return max(milliseconds or 0.0, 0.0)


def _count(entry: Entry, *names: str) -> int | None:
    for name in names:
        found = whole(entry.get(name))
        if found is not None:
            return found
    return None


def _text(value: object, limit: int) -> str | None:
    return safe_text(str(value), limit) if value not in (None, "") else None


def seconds(moment: object) -> float:
    """Unix seconds of a BSON date as any of PyMongo's settings reads it; 0 where there is none."""
    if isinstance(moment, datetime):
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    try:
        return (whole(int(moment)) or 0) / 1000  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return 0.0
