"""A recording whose Snapshots are judged by budgets given now, beside what was judged when it was recorded."""

from collections.abc import Sequence

from msgspec.structs import replace

from perftui.model.application import ApplicationMetrics
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.changes import words
from perftui.model.budgets.standing import worst
from perftui.model.metrics import BudgetDocument
from perftui.model.snapshot import Snapshot, TargetState
from perftui.monitor.budgets import EVERY_S, HeldBudgets
from perftui.monitor.recording import FrameEntry
from perftui.monitor.replay import Frames

_MOST_BEFORE = 60
"""Frames read before one that is jumped to: patience, and Redis' hits over a window, need a past."""
_KEPT = 4
"""Places in the recording from which it may be read on: the one that plays, and those that are looked at."""
_Limits = tuple[BudgetDocument, ...]


class JudgedRecording:
    """Reads like a recording. A limit that was recorded with the same pattern and text is judged anew."""

    def __init__(self, recording: Frames, budgets: Sequence[Budget]) -> None:
        self.entries: tuple[FrameEntry, ...] = recording.entries
        self._recording = recording
        self._budgets = tuple(budgets)
        self._anew = frozenset((budget.pattern, limit.expr) for budget in budgets for limit in budget.limits)
        self._held: dict[int, HeldBudgets] = {}
        """By the frame that comes next."""
        span_s = max((one.evaluations * EVERY_S for one in budgets), default=0.0)
        self._past_s = max([span_s, *(one.minutes * 60.0 for one in budgets if one.on == "redis")])

    def snapshot(self, index: int) -> Snapshot:
        """The frame at this place. Raises `RecordingError` when the file has changed since it was opened."""
        held = self._held.pop(index, None) or self._with_past(index)
        self._held[index + 1] = held
        if len(self._held) > _KEPT:
            del self._held[next(iter(self._held))]
        return self._judged(held, self._recording.snapshot(index))

    def _with_past(self, index: int) -> HeldBudgets:
        held, at = HeldBudgets(self._budgets), self.entries[index].taken_at
        for before in range(max(index - _MOST_BEFORE, 0), index):
            if at - self.entries[before].taken_at <= self._past_s:
                self._judged(held, self._recording.snapshot(before))
        return held

    def _judged(self, held: HeldBudgets, snapshot: Snapshot) -> Snapshot:
        states = tuple(self._without(state) for state in snapshot.targets)
        return replace(snapshot, targets=held.applied(states, snapshot.window_s, snapshot.taken_at))

    def _without(self, state: TargetState) -> TargetState:
        """The target without the limits that are judged anew."""
        application, digest, server = state.application, state.queries, state.redis
        if application is not None:
            state = replace(state, application=self._without_application(application))
        if digest is not None and any(row.limits for row in digest.rows):
            rows = tuple(replace(row, limits=self._rest(row.limits)) if row.limits else row for row in digest.rows)
            state = replace(state, queries=replace(digest, rows=rows))
        if server is not None and server.limits:
            state = replace(state, redis=replace(server, limits=self._rest(server.limits)))
        return state

    def _without_application(self, application: ApplicationMetrics) -> ApplicationMetrics:
        endpoints = []
        for one in application.endpoints:
            rest = self._rest(one.limits)
            said = tuple(words(limit) for limit in rest)
            anew = replace(one, limits=rest, budget=worst(rest), budgets=said)
            endpoints.append(one if rest == one.limits else anew)
        caches = tuple(replace(one, limits=self._rest(one.limits)) for one in application.caches)
        queries = application.queries
        if queries is not None:
            groups = tuple(replace(one, limits=self._rest(one.limits)) for one in queries.groups)
            queries = replace(queries, groups=groups)
        return replace(application, endpoints=tuple(endpoints), caches=caches, queries=queries)

    def _rest(self, limits: _Limits) -> _Limits:
        return tuple(limit for limit in limits if (limit.budget, limit.expr) not in self._anew)
