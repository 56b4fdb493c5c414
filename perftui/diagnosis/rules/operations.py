"""Operations that pile up, and single ones that run away."""

import re
from collections.abc import Iterator
from itertools import islice

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import name, one_of, seconds
from perftui.model.operation import Operation
from perftui.model.snapshot import TargetState

_PILE, _PILE_S = 15, 1.0
_MOST = 5
_AGGREGATE_S, _CRITICAL_S, _LONG_S = 7.0, 30.0, 60.0
_AGAIN_S = 3.5
"""What ran away and is sent again need not run for so long once more: between two it would seem to be over."""
_BLOCKING = ("$group", "$sort", "$bucket", "$setWindowFields", "$facet")
_INSTEAD = "; say it with aggregation stages ($group), which need no JavaScript"
_ENDLESS = re.compile(r'\$changeStream|tailable|awaitData|"createIndexes"')
"""What waits or works for as long as it takes."""
_JAVASCRIPT = re.compile(r'"(mapReduce|mapreduce|\$where|\$function|\$accumulator)"')
"""It runs for each document, and no index can spare it."""


def find_piles(moment: Moment) -> Iterator[Suspicion]:
    """Many operations of one shape at once, half of them for a second or more; the largest."""
    for state in moment.fresh("mongodb", "operations"):
        if 2 * len(moment.running(state, _PILE_S)) < _PILE:
            continue
        groups: dict[str, list[Operation]] = {}
        for one in moment.running(state):
            if one.ns and one.message is None:
                groups.setdefault(one.shape_id or f"{one.op} {one.ns}", []).append(one)
        largest = sorted(groups.items(), key=lambda item: -len(item[1]))
        piles = ((key, pile) for key, members in largest if (pile := _piled(members)))
        yield from (_pile(state, key, pile) for key, pile in islice(piles, _MOST))


def _piled(members: list[Operation]) -> list[Operation]:
    """Without those that wait or work for as long as it takes; empty where they are no pile."""
    if len(members) < _PILE or 2 * len(_lasting(members)) < len(members):
        return []
    group = [one for one in members if not _is_endless(one)]
    return group if len(group) >= _PILE and 2 * len(_lasting(group)) >= len(group) else []


def _lasting(members: list[Operation]) -> list[Operation]:
    return [one for one in members if (one.running_s or 0.0) >= _PILE_S]


def _is_endless(one: Operation) -> bool:
    return (one.running_s or 0.0) >= _PILE_S and _ENDLESS.search(one.command) is not None


def _pile(state: TargetState, key: str, group: list[Operation]) -> Suspicion:
    oldest = max(group, key=lambda one: one.running_s or 0.0)
    number = len(group)
    return Suspicion(
        code="piled-up-operations",
        target_id=state.target.id,
        subject=key,
        severity="critical",
        what=f"{number:,} identical operations pile up on {name(oldest.ns)}",
        since=oldest.started_at,
        cost=f"the oldest has run for {seconds(oldest.running_s or 0.0)}",
        cause=_why_piled(group, oldest),
        help="kill them, and stop who sends them",
        action="kill",
        page="Operations",
        row=str(oldest.opid),
        figures={"operations": float(number), "scans": float(_scanning(group))},
    )


def _why_piled(group: list[Operation], oldest: Operation) -> str:
    waiting = [one.waiting_for for one in group if one.waiting_for]
    sender = oldest.app_name or oldest.client
    who = f"all from {name(sender)}" if sender and all(sender in (one.app_name, one.client) for one in group) else ""
    if len(waiting) * 2 >= len(group):
        why = f"{one_of(len(waiting), 'waits', 'wait')} for a {name(waiting[0] or '')}"
    elif _scanning(group) * 2 >= len(group):
        why = "each scans the whole collection (COLLSCAN)"
    else:
        why = f"{oldest.op} {name(oldest.plan_summary or '')}".strip()
    return ", ".join(part for part in (why, who) if part)


def _scanning(group: list[Operation]) -> int:
    return sum(1 for one in group if (one.plan_summary or "").startswith("COLLSCAN"))


def find_runaways(moment: Moment) -> Iterator[Suspicion]:
    """What sorts, groups or computes far too much, and whatever else runs for a minute."""
    for state in moment.fresh("mongodb", "operations"):
        told: set[str] = set()
        for one in moment.running(state, _AGAIN_S):
            code, key = _runaway(one), one.shape_id or str(one.opid)
            if code is None or not one.ns or one.message is not None or _is_endless(one):
                continue
            again = moment.holds(code, state.target.id, key)
            if key not in told and (again or (one.running_s or 0.0) >= _AGGREGATE_S):
                told.add(key)
                yield _long(moment, state, one, code, key)
            if len(told) == _MOST:
                break


def _runaway(one: Operation) -> str | None:
    running_s = one.running_s or 0.0
    if one.op == "none":
        return None
    gathers = '"aggregate"' in one.command and any(stage in one.command for stage in _BLOCKING)
    if gathers or _JAVASCRIPT.search(one.command):
        return "runaway-aggregation"
    return "long-operation" if running_s >= _LONG_S and not one.waiting_for else None


def _long(moment: Moment, state: TargetState, one: Operation, code: str, key: str) -> Suspicion:
    running_s = one.running_s or 0.0
    aggregate = code == "runaway-aggregation"
    sender = one.app_name or one.client
    scan = ", which scans the whole collection" if (one.plan_summary or "").startswith("COLLSCAN") else ""
    return Suspicion(
        code=code,
        target_id=state.target.id,
        subject=key,
        severity="critical" if running_s >= _CRITICAL_S and aggregate else "warning",
        what=f"{'a runaway' if aggregate else 'a long'} {_kind(one, aggregate=aggregate)} on {name(one.ns)}",
        since=one.started_at,
        cost=f"it has run for {seconds(running_s)}",
        cause=f"sent by {name(sender or 'an unknown client')}{scan}{_spills(moment, state, one) if aggregate else ''}",
        help=f"kill it, if it is not wanted{_INSTEAD if aggregate and _JAVASCRIPT.search(one.command) else ''}",
        action="kill",
        page="Operations",
        row=str(one.opid),
        figures={"running_s": running_s},
    )


def _kind(one: Operation, *, aggregate: bool) -> str:
    if not aggregate:
        return f"{one.op} operation"
    script = _JAVASCRIPT.search(one.command)
    if script is None:
        return "aggregation"
    return "mapReduce" if script.group(1).lower() == "mapreduce" else f"{one.op} with JavaScript"


def _spills(moment: Moment, state: TargetState, one: Operation) -> str:
    rows = () if state.queries is None else state.queries.rows
    if any(row.used_disk and row.shape_id == one.shape_id for row in rows):
        return "; it spills to disk"
    machine = moment.machine_of(state)
    disk = None if machine is None else moment.change(machine, "disk")
    busy = disk is not None and disk.after > disk.before + 0.2
    return "; it sorts or groups more than memory holds, and the disk is busy since" if busy else ""


RULES = (
    Rule(codes=("piled-up-operations",), find=find_piles, holds_s=2.0, ends_s=5.0),
    Rule(codes=("runaway-aggregation", "long-operation"), find=find_runaways, holds_s=1.0, ends_s=5.0),
)
