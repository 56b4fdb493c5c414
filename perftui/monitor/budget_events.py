"""Budgets that went over or recovered, in sentences."""

from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from perftui.model.budgets.changes import words
from perftui.model.budgets.standing import state_of
from perftui.model.event import Event, Severity
from perftui.model.metrics import BudgetDocument
from perftui.model.snapshot import TargetState
from perftui.monitor.figures import shape_words
from perftui.monitor.metrics import endpoint_subject

_NAMED = 3
"""More that change at once are told in one sentence."""


class HeldLimit(NamedTuple):
    """One limit beside what it holds."""

    subject: str
    words: str
    limit: BudgetDocument


Key = tuple[str, str | None, str]


class BudgetNotices:
    """What was told as over stays so while nothing can be said of it."""

    def __init__(self) -> None:
        self._told: dict[str, set[Key]] = {}

    def notice(self, state: TargetState, at: float, elsewhere: Container[Key] = ()) -> Iterator[Event]:
        """Each limit that is over now and was not, or is within its limit again; `elsewhere` is told of another."""
        told = self._told.setdefault(state.target.id, set())
        over, back, known = list[HeldLimit](), list[HeldLimit](), set[Key]()
        for one in held_limits(state):
            key, judged = (one.subject, one.limit.budget, one.limit.expr), state_of(one.limit)
            if state.application is None and key in elsewhere:
                continue
            known.add(key)
            if judged == "over" and key not in told:
                told.add(key)
                over.append(one)
            elif judged in ("within", "warning") and key in told:
                told.discard(key)
                back.append(one)
        told &= known
        yield from _events(state, "budget.over", "critical", over, at)
        yield from _events(state, "budget.recovered", "recovered", back, at)

    def forget(self, target_id: str) -> None:
        self._told.pop(target_id, None)


def told_by_applications(targets: Sequence[TargetState]) -> set[Key]:
    """Limits on shapes that applications tell of themselves: the servers' digests repeat them."""
    return {
        (group.shape_id, limit.budget, limit.expr)
        for state in targets
        if state.application is not None and state.application.queries is not None
        for group in state.application.queries.groups
        if group.shape_id is not None
        for limit in group.limits
    }


def held_limits(state: TargetState) -> Iterator[HeldLimit]:
    """Every limit on a thing of this target, the application's own and the monitor's."""
    application, redis = state.application, state.redis
    if application is not None:
        for endpoint in application.endpoints:
            name = endpoint_subject(endpoint)
            yield from (HeldLimit(name, name, limit) for limit in endpoint.limits)
        for cache in application.caches:
            yield from (HeldLimit(f"cache {cache.name}", f"cache {cache.name}", limit) for limit in cache.limits)
        groups = application.queries.groups if application.queries is not None else ()
        for group in groups:
            name = f"{group.collection} {group.name}"[:80]
            yield from (HeldLimit(group.shape_id or name, name, limit) for limit in group.limits)
    if redis is not None:
        yield from (HeldLimit("redis", "hit rate", limit) for limit in redis.limits)
    for row in state.queries.rows if state.queries is not None else ():
        yield from (HeldLimit(row.shape_id, shape_words(row), limit) for limit in row.limits)


def _events(state: TargetState, kind: str, severity: Severity, found: list[HeldLimit], at: float) -> Iterator[Event]:
    what = "over its budget" if kind == "budget.over" else "within its budget again"
    named = found if len(found) <= _NAMED else found[:1]
    for one in named:
        more = len(found) - len(named)
        rest = f" So {'is' if more == 1 else 'are'} {more} more." if more else ""
        message = f"{state.target.name}: {one.words} is {what}: {words(one.limit)}.{rest}"
        yield Event(
            at=round(at, 3),
            target_id=state.target.id,
            kind=kind,
            severity=severity,
            message=message,
            subject=one.subject,
        )
