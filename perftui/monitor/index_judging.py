"""Findings on the indexes of each collection, over all members of a set; renewed when a reading changed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from perftui.advice.findings.indexes import IndexFindings, index_findings
from perftui.advice.load import ShapeLoad
from perftui.model.finding import Finding
from perftui.model.index import CollectionState, Index, IndexOverview
from perftui.model.query import DigestRow
from perftui.model.snapshot import TargetState

JUDGED_AT_ONCE = 50
"""Collections judged in one tick, which takes a few milliseconds; the others wait for the next one."""
_MOST_SHAPES = 40
_WITHOUT_DATA = frozenset(("ARBITER",))


class _Put(NamedTuple):
    before: TargetState
    after: TargetState


class _Known(NamedTuple):
    states: list[CollectionState]
    """As the members had the collection when it was judged."""
    is_whole: bool
    findings: IndexFindings


class _Group(msgspec.Struct):
    """The members of one set."""

    read: tuple[IndexOverview, ...] = ()
    complete: bool = False
    behind: bool = False
    known: dict[str, _Known] = {}


class IndexJudges:
    """What was judged of each group of members, by the group's id."""

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = {}
        self._judged: dict[str, IndexOverview] = {}
        self._put: dict[str, _Put] = {}

    @property
    def behind(self) -> bool:
        """Collections wait to be judged."""
        return any(group.behind for group in self._groups.values())

    def applied(self, states: tuple[TargetState, ...], now: float) -> tuple[TargetState, ...]:
        """The states with their indexes' findings; those whose reading did not change are the same objects."""
        groups: dict[str, list[TargetState]] = {}
        for state in states:
            if state.target.kind == "mongodb":
                groups.setdefault(state.target.group or state.target.id, []).append(state)
        for name, members in groups.items():
            if any(state.indexes is not None for state in members):
                self._renew(self._groups.setdefault(name, _Group()), members, now)
        return tuple([self._with(state) for state in states])

    def _renew(self, group: _Group, members: list[TargetState], now: float) -> None:
        read = tuple([state.indexes for state in members if state.indexes is not None])
        complete = _is_complete(members)
        if _are_same(read, group.read) and complete == group.complete and not group.behind:
            return
        group.read, group.complete = read, complete
        _judge(group, members, now)
        for state in members:
            if state.indexes is not None:
                self._judged[state.target.id] = _judged(state.indexes, group.known)

    def _with(self, state: TargetState) -> TargetState:
        if state.indexes is None:
            return state
        put, judged = self._put.get(state.target.id), self._judged[state.target.id]
        if put is None or put.before is not state or put.after.indexes is not judged:
            put = self._put[state.target.id] = _Put(state, replace(state, indexes=judged))
        return put.after


def _are_same(one: Sequence[object], other: Sequence[object]) -> bool:
    return len(one) == len(other) and all(mine is yours for mine, yours in zip(one, other, strict=True))


def _judge(group: _Group, members: Sequence[TargetState], now: float) -> None:
    """Judge the collections that some member read anew, a bounded number of them."""
    everywhere: dict[str, list[CollectionState]] = {}
    for overview in group.read:
        for state in overview.collections:
            everywhere.setdefault(state.ns, []).append(state)
    stale = [ns for ns, states in everywhere.items() if _is_stale(group, ns, states)]
    group.known = {ns: known for ns, known in group.known.items() if ns in everywhere}
    group.behind = len(stale) > JUDGED_AT_ONCE
    asked = _loads_by_namespace(members) if stale else {}
    for ns in stale[:JUDGED_AT_ONCE]:
        states, is_whole = everywhere[ns], _is_whole(group, everywhere[ns])
        group.known[ns] = _Known(states, is_whole, index_findings(states, asked.get(ns, ()), now, complete=is_whole))


def _is_stale(group: _Group, ns: str, states: list[CollectionState]) -> bool:
    known = group.known.get(ns)
    return known is None or known.is_whole != _is_whole(group, states) or not _are_same(known.states, states)


def _is_whole(group: _Group, states: list[CollectionState]) -> bool:
    return group.complete and len(states) == len(group.read)


def _is_complete(members: Sequence[TargetState]) -> bool:
    """Every member that holds data was read: one that was not may use what the others do not."""
    for state in members:
        if state.replica_set is not None:
            with_data = [one for one in state.replica_set.members if one.role not in _WITHOUT_DATA]
            read = {one.target.id for one in members if one.indexes is not None}
            return all(one.target_id in read for one in with_data)
    return all(state.indexes is not None for state in members)


def _judged(overview: IndexOverview, known: Mapping[str, _Known]) -> IndexOverview:
    collections = [
        _collection(state, known[state.ns].findings) if state.ns in known else state for state in overview.collections
    ]
    return replace(overview, collections=tuple(collections))


def _collection(state: CollectionState, found: IndexFindings) -> CollectionState:
    if not found.indexes and not found.collection:
        return state
    indexes = tuple([_with(index, found.indexes.get(index.name, ())) for index in state.indexes])
    return replace(state, findings=found.collection, indexes=indexes)


def _with(index: Index, findings: tuple[Finding, ...]) -> Index:
    return replace(index, findings=findings) if findings else index


def _loads_by_namespace(members: Sequence[TargetState]) -> dict[str, list[ShapeLoad]]:
    asked: dict[str, list[ShapeLoad]] = {}
    for load in _loads(row for state in members if state.queries is not None for row in state.queries.rows):
        asked.setdefault(load.ns, []).append(load)
    return asked


def _loads(rows: Iterable[DigestRow]) -> Iterator[ShapeLoad]:
    """Shapes that use an index of several fields, most total time first, with the command of the slowest execution."""
    using = [row for row in rows if row.count and any("," in summary for summary in row.plan_summaries)]
    for row in sorted(using, key=lambda row: -row.latency_ms.total)[:_MOST_SHAPES]:
        command = _command(row)
        if command is not None:
            yield ShapeLoad(
                id=row.shape_id,
                ns=row.ns,
                op=row.op,
                shape=row.shape,
                executions=row.count,
                commands=(command,),
                keys_examined=_mean(row.examined_keys, row.count),
                documents_examined=_mean(row.examined_documents, row.count),
                returned=_mean(row.returned, row.count),
                plan_summary=row.plan_summaries[0],
                blocking_sort_share=min(row.sorts_in_memory / row.count, 1.0),
            )


def _mean(total: int | None, count: int) -> float | None:
    return None if total is None else total / count


def _command(row: DigestRow) -> dict[str, object] | None:
    try:
        entry = msgspec.json.decode(row.slowest.raw) if row.slowest is not None and row.slowest.raw else None
    except (msgspec.DecodeError, RecursionError):
        return None
    command = entry.get("command") if isinstance(entry, dict) else None
    return command if isinstance(command, dict) and "$truncated" not in command else None
