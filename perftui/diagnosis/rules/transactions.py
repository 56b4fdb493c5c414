"""A transaction that is left open: it holds locks, and what needs them waits."""

from collections.abc import Iterator

from perftui.advice.contention.waits import waits_for_write
from perftui.diagnosis.kill_commands import kill_session
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.rules.locks import waiting_for_others
from perftui.diagnosis.words import name, one_of, seconds
from perftui.model.operation import OpenTransaction, Operation
from perftui.model.snapshot import TargetState

_IDLE_WITH_WAITERS_S = 2.0
_IDLE_ALONE_S = 20.0
_WAITS_S = 1.0


def find_idle_transactions(moment: Moment) -> Iterator[Suspicion]:
    """The one that is idle for longest and holds something."""
    for state in moment.fresh("mongodb", "operations"):
        listed = state.operations.transactions if state.operations is not None else ()
        idle = [one for one in listed if not one.active and one.locks and (one.idle_s or 0.0) >= _IDLE_WITH_WAITERS_S]
        if not idle:
            continue
        oldest = max(idle, key=lambda one: one.idle_s or 0.0)
        waiters = _waiters(state)
        if waiters or (oldest.idle_s or 0.0) >= _IDLE_ALONE_S:
            yield _idle(state, oldest, len(idle), waiters)


def _waiters(state: TargetState) -> list[Operation]:
    """Operations that wait for a lock, or that conflict with what it wrote and try again and again."""
    if state.operations is None:
        return []
    running = [one for one in state.operations.operations if one.noise is None and (one.running_s or 0.0) >= _WAITS_S]
    waiting = [one for one in running if _may_wait(one)]
    others = waiting_for_others(state.operations) if waiting else ()
    return [one for one in waiting if one.opid not in others]


def _may_wait(one: Operation) -> bool:
    return (one.waiting_for or "").startswith("lock") or waits_for_write(one)


def _idle(state: TargetState, one: OpenTransaction, number: int, waiters: list[Operation]) -> Suspicion:
    holder = name(one.app_name or one.client or "a client")
    where = f", of {name(one.client)}" if one.client and one.app_name else ""
    more = f", and {number - 1} more" if number > 1 else ""
    cost = "nobody waits for it yet"
    if waiters:
        longest = max(one.running_s or 0.0 for one in waiters)
        cost = f"{one_of(len(waiters), 'operation waits', 'operations wait')}, up to {seconds(longest)}"
        cost += f", on {name(waiters[0].ns)}" if waiters[0].ns else ""
    return Suspicion(
        code="idle-transaction",
        target_id=state.target.id,
        severity="critical" if waiters else "warning",
        what=f"an idle transaction of {holder} holds locks{more}",
        since=one.started_at,
        cost=cost,
        cause=f"open for {seconds(one.open_s or 0.0)} and idle for {seconds(one.idle_s or 0.0)}{where}; "
        f"it holds {one.locks}",
        help="end its session, which rolls it back",
        action="kill",
        command=kill_session(one),
        page="Operations",
        row=one.session or None,
        figures={"waiting": float(len(waiters)), "idle_s": one.idle_s or 0.0},
    )


RULES = (Rule(codes=("idle-transaction",), find=find_idle_transactions, holds_s=1.0, ends_s=4.0),)
