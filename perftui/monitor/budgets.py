"""The budgets of the monitor's file, held against what it sees of any application, MongoDB and Redis."""

from collections.abc import Sequence

from msgspec.structs import replace

from perftui.model.application import ApplicationMetrics, ApplicationQueries
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.changes import words
from perftui.model.budgets.judging import Standing, evaluate
from perftui.model.budgets.standing import worst
from perftui.model.budgets.things import Name
from perftui.model.metrics import BudgetDocument
from perftui.model.query import QueryDigest
from perftui.model.snapshot import TargetState
from perftui.monitor.budget_figures import RedisGets
from perftui.monitor.budget_readings import Readings
from perftui.monitor.budget_things import things_of

EVERY_S = 2.0
"""How long a judgement stands before the next."""
MOST_STANDINGS = 400
"""Limits judged of a target, about 10 ms; what is beyond is not."""
_NAMES = 5000

Limits = tuple[BudgetDocument, ...]
Standings = dict[tuple[int, Name, str], Standing]
"""By the budget's place, the thing and the limit."""


class _Target:
    """What is known of one target from one judgement to the next."""

    def __init__(self) -> None:
        self.judged_at = float("-inf")
        self.standings: Standings = {}
        self.concerned: tuple[object, ...] = ()
        self.places: dict[Name, tuple[int, ...]] = {}
        """Which budgets hold a thing, by their places: names change seldom, and patterns take time."""
        self.redis = RedisGets()
        self.readings = Readings()
        self.given: tuple[object, ...] = ()
        self.shown: TargetState | None = None


class HeldBudgets:
    """Adds to each target how its endpoints, caches, shapes and Redis stand to these budgets."""

    def __init__(self, budgets: Sequence[Budget]) -> None:
        self.budgets = tuple(budgets)
        self._targets: dict[str, _Target] = {}

    def judge_at_once(self) -> None:
        """Have the first judgement count, for who takes only one Snapshot."""
        self.budgets = tuple(budget.at_once() for budget in self.budgets)

    def applied(self, states: tuple[TargetState, ...], window_s: float, at: float) -> tuple[TargetState, ...]:
        """The same objects where nothing changed. `at` is Unix seconds."""
        self._targets = {state.target.id: self._targets.get(state.target.id) or _Target() for state in states}
        asked = _asked_of_applications(states)
        return tuple(self._applied(state, self._targets[state.target.id], asked, window_s, at) for state in states)

    def _applied(
        self, state: TargetState, known: _Target, asked: dict[str, Limits], window_s: float, at: float
    ) -> TargetState:
        if not (self.budgets and (state.application or state.redis or state.queries)) and not (asked and state.queries):
            return state
        new = known.readings.take(state)
        if state.redis is not None and new:
            known.redis.add(state.redis, at, known.readings.longest_step_s)
        if known.readings.waiting and not 0 <= at - known.judged_at < EVERY_S:
            known.judged_at, known.readings.waiting = at, False
            known.standings = self._judged(state, known, window_s, at)
        if not known.standings and not (asked and state.queries):
            return state
        given = (state, known.standings, asked)
        if known.shown is None or known.given[0] is not state or known.given[1:] != given[1:]:
            known.given, known.shown = given, _shown(state, known.standings, asked)
        return known.shown

    def _judged(self, state: TargetState, known: _Target, window_s: float, at: float) -> Standings:
        names = (state.target.name, state.application.service if state.application is not None else None)
        budgets = [(place, one) for place, one in enumerate(self.budgets) if one.concerns(*names)]
        if known.concerned != names or len(known.places) > _NAMES:
            known.concerned, known.places = names, {}
        found: Standings = {}
        for thing in things_of(state, known.redis, window_s, at) if budgets else ():
            places = known.places.get(thing.name)
            if places is None:
                places = known.places[thing.name] = tuple(place for place, one in budgets if thing.matches(one))
            for place in places if len(found) < MOST_STANDINGS else ():
                budget = self.budgets[place]
                figures, covered_s = thing.held(budget)
                for limit in budget.limits:
                    key = (place, thing.name, limit.expr)
                    found[key] = evaluate(budget, limit, figures, at, known.standings.get(key), covered_s)
        return found


def _asked_of_applications(states: Sequence[TargetState]) -> dict[str, Limits]:
    """Limits that applications put on their shapes, by the shape's id: the server's digest shows them too."""
    found: dict[str, Limits] = {}
    for state in states:
        queries = state.application.queries if state.application is not None else None
        for group in queries.groups if queries is not None else ():
            if group.limits and group.shape_id is not None:
                found[group.shape_id] = (*found.get(group.shape_id, ()), *group.limits)
    return found


def _shown(state: TargetState, standings: Standings, asked: dict[str, Limits]) -> TargetState:
    """The target with every limit beside the thing that it holds."""
    by_name: dict[Name, Limits] = {}
    for (_, name, _), standing in standings.items():
        by_name[name] = (*by_name.get(name, ()), standing.document)
    application, redis, queries = state.application, state.redis, state.queries
    if application is not None and by_name:
        application = _shown_application(application, by_name)
    if redis is not None and ("redis", "") in by_name:
        redis = replace(redis, limits=by_name["redis", ""])
    if queries is not None and (by_name or asked):
        queries = _shown_shapes(queries, by_name, asked)
    return replace(state, application=application, redis=redis, queries=queries)


def _shown_application(application: ApplicationMetrics, by_name: dict[Name, Limits]) -> ApplicationMetrics:
    endpoints = []
    for one in application.endpoints:
        more = by_name.get(("endpoint", f"{one.method} {one.route}"), ())
        limits = (*one.limits, *more)
        said = (*one.budgets, *(words(limit) for limit in more))
        endpoints.append(replace(one, limits=limits, budget=worst(limits) or one.budget, budgets=said) if more else one)
    caches = (
        replace(one, limits=(*one.limits, *by_name["cache", one.name])) if ("cache", one.name) in by_name else one
        for one in application.caches
    )
    queries = None if application.queries is None else _shown_groups(application.queries, by_name)
    return replace(application, endpoints=tuple(endpoints), caches=tuple(caches), queries=queries)


def _shown_groups(queries: ApplicationQueries, by_name: dict[Name, Limits]) -> ApplicationQueries:
    groups = (
        replace(one, limits=(*one.limits, *by_name["query", one.shape_id]))
        if one.shape_id is not None and ("query", one.shape_id) in by_name
        else one
        for one in queries.groups
    )
    return replace(queries, groups=tuple(groups))


def _shown_shapes(digest: QueryDigest, by_name: dict[Name, Limits], asked: dict[str, Limits]) -> QueryDigest:
    rows = []
    for row in digest.rows:
        limits = (*asked.get(row.shape_id, ()), *by_name.get(("query", row.shape_id), ()))
        rows.append(replace(row, limits=limits) if limits else row)
    return replace(digest, rows=tuple(rows))
