"""Where a slow endpoint's time goes, by what its requests asked of MongoDB and caches, as far as the figures show."""

from typing import NamedTuple, Self

from perftui.diagnosis.elsewhere import matters
from perftui.diagnosis.large_answers import large_answers
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.signals import TOLD
from perftui.diagnosis.subjects import endpoint_name
from perftui.diagnosis.way_to_mongodb import lost_on_the_way, servers_asked
from perftui.diagnosis.words import milliseconds, name, one_of, per_second, percent
from perftui.model.application import EndpointStats, QueryGroup
from perftui.model.snapshot import TargetState
from perftui.model.verdict import Problem

_LATELY_S = 7.0
_TIMES, _MORE, _VERY_MANY = 3.0, 10.0, 30.0
_PART, _MOST, _LITTLE = 0.3, 0.6, 0.2
_UNSEEN = 0.2
"""Of an application's commands, so many that no request is known to have sent: threads of its own, for instance."""
_COMPUTES, _WAITS = 0.85, 0.5
"""Of a core for each process."""
_EARLIER_S, _CROWD = 20.0, 2.5
_REQUESTS = next(one for one in TOLD if one.kind == "application" and one.name == "requests")
_ALONE = "the time is spent in the application itself, or in what it calls"


class Spent(NamedTuple):
    """Of one request on average, lately."""

    average_ms: float
    query_ms: float
    queries: float
    cache_ms: float

    @classmethod
    def of(cls, moment: Moment, state: TargetState, subject: str) -> Self | None:
        """`None` where the application does not tell."""
        figures = ("average_ms", "query_ms", "queries", "cache_ms")
        average, waited, queries, cached = (moment.lately(state, one, subject, _LATELY_S) for one in figures)
        if not average or waited is None or queries is None:
            return None
        return cls(average, waited, queries, cached or 0.0)


def where_time_goes(
    moment: Moment, state: TargetState, problem: Problem, *, alone: bool, silent: bool
) -> tuple[str, str]:
    """The cause and what helps. `alone`: nothing else changed at that time; `silent`: not all that else there is
    answers."""
    cause, help_ = _where(moment, state, problem, alone=alone, silent=silent)
    return "; ".join(part for part in (_load(moment, state, problem.since), cause) if part), help_


def _load(moment: Moment, state: TargetState, since: float) -> str:
    """Its own requests, where there are far more of them since then than a burst brings."""
    change = moment.change(state, _REQUESTS.name, since)
    if change is None or change.after < _CROWD * change.before or change.at < since - _EARLIER_S:
        return ""
    if not matters(_REQUESTS, change):
        return ""
    return f"its requests rose from {per_second(change.before)} to {per_second(change.after)}"


def _where(moment: Moment, state: TargetState, problem: Problem, *, alone: bool, silent: bool) -> tuple[str, str]:
    endpoint = next((one for one in _endpoints(state) if endpoint_name(one) == problem.subject), None)
    # Requests that hang are in no figure until they end.
    ended = endpoint is not None and "average_ms" in problem.figures
    spent = Spent.of(moment, state, problem.subject) if ended else None
    if endpoint is None or spent is None:
        return (f"{_ALONE}{_works(moment, state, endpoint, 0.0)}" if alone else ""), problem.help
    if (many := _many(state, endpoint, spent, problem.figures.get("usual queries"))) is not None:
        return many, "fetch them together ($in, $lookup) instead of one by one"
    if spent.query_ms >= _MOST * spent.average_ms:
        lost = lost_on_the_way(moment, state, (endpoint.per_s or 0.0) * spent.query_ms)
        servers = servers_asked(moment, state)
        if large := large_answers(moment, servers, endpoint, problem.since, idle=bool(lost)):
            return f"{_in_queries(spent)}: {large}", "project fewer fields, or ask page by page"
        return f"{_in_queries(spent)}{lost or _mostly(state, endpoint)}", _at(lost, problem.help)
    if spent.cache_ms >= _MOST * spent.average_ms:
        return f"{_of(spent.cache_ms, spent)} pass in its caches", "look at the caches, and at the way to them"
    if spent.query_ms + spent.cache_ms <= _LITTLE * spent.average_ms:
        # Queries that hang where nobody answers are counted once they end.
        words = "" if silent else _itself(state, spent) if _sees_all(state) else _ALONE if alone else ""
        return (f"{words}{_works(moment, state, endpoint, spent.average_ms)}" if words else ""), problem.help
    return _in_queries(spent), problem.help


def _endpoints(state: TargetState) -> tuple[EndpointStats, ...]:
    return () if state.application is None else state.application.endpoints


def _many(state: TargetState, endpoint: EndpointStats, spent: Spent, usual: float | None) -> str | None:
    """One query for each of many things, where one would fetch them all."""
    if usual is None:
        many = spent.queries >= _VERY_MANY and spent.query_ms >= _MOST * spent.average_ms
    else:
        rose = spent.queries >= max(_TIMES * usual, usual + _MORE)
        many = rose and spent.query_ms >= _PART * spent.average_ms
    if not many:
        return None
    before = "" if usual is None else f", usually {usual:,.0f}"
    return (
        f"each request sends {spent.queries:,.0f} queries{before}{_mostly(state, endpoint)}; "
        f"{_of(min(spent.query_ms, spent.average_ms), spent)} pass in them"
    )


def _in_queries(spent: Spent) -> str:
    number = f"{spent.queries:,.0f} queries" if spent.queries >= 1.5 else "its query"
    together = " that run at the same time" if spent.query_ms > 1.1 * spent.average_ms else ""
    return f"{_of(min(spent.query_ms, spent.average_ms), spent)} pass in {number}{together}"


def _of(part_ms: float, spent: Spent) -> str:
    return f"{milliseconds(part_ms)} of {milliseconds(spent.average_ms)}"


def _itself(state: TargetState, spent: Spent) -> str:
    """What waits for a connection of a pool waits before it asks."""
    asked = "queries and caches" if spent.cache_ms else "queries"
    queries = None if state.application is None else state.application.queries
    waiting = sum(pool.waiting for pool in queries.pools) if queries is not None else 0
    pool = f"; {one_of(waiting, 'command waits', 'commands wait')} for a connection of its pool" if waiting else ""
    passed = f"only {_of(spent.query_ms + spent.cache_ms, spent)} pass in {asked}"
    return f"{passed}: the rest is the application itself, or what else it calls{pool}"


def _works(moment: Moment, state: TargetState, endpoint: EndpointStats | None, average_ms: float) -> str:
    """Whether it computes all the time, or takes so little of the CPU that it must wait for something."""
    if endpoint is None:
        return ""
    under_way = max(endpoint.active or 0, (endpoint.per_s or 0.0) * average_ms / 1000)
    return "".join(f"; {one}" for one in computes_or_waits(moment, state, under_way))


def computes_or_waits(moment: Moment, state: TargetState, under_way: float) -> list[str]:
    """In words, as long as so many requests are under way; empty where it is neither for sure."""
    cpu = moment.lately(state, "process_cpu", seconds=_LATELY_S)
    if cpu is None or state.application is None:
        return []
    workers = state.application.process.workers or 1
    if cpu >= _COMPUTES * workers:
        return [f"it computes: its {'process takes' if workers == 1 else 'processes take'} {cpu:.1f} cores"]
    waits = cpu < _WAITS * workers and cpu < _LITTLE * under_way
    takes = f"{cpu:.1f} cores" if cpu >= 1 else f"{percent(cpu)} of a core"
    return [f"it waits rather than computes: it takes {takes}"] if waits else []


def _mostly(state: TargetState, endpoint: EndpointStats) -> str:
    """The shape of at least half of them."""
    recent = endpoint.recent
    if recent is None or recent.mostly is None or 2 * (recent.mostly_queries or 0) < (recent.queries or 0):
        return ""
    found = next((one for one in _shapes(state) if one.shape_id == recent.mostly), None)
    return "" if found is None else f", mostly {name(found.collection or '')} {name(found.name, 80)}"


def _shapes(state: TargetState) -> list[QueryGroup]:
    queries = None if state.application is None else state.application.queries
    return [] if queries is None else [one for one in queries.groups if one.by == "shape"]


def _sees_all(state: TargetState) -> bool:
    """Nearly every command is known to come from a request, so that what an endpoint asked is all that it asked."""
    shapes = _shapes(state)
    sent = sum(one.count for one in shapes)
    from_requests = sum(min(one.count, sum(caller.calls for caller in one.callers)) for one in shapes)
    return sent > 0 and sent - from_requests <= _UNSEEN * sent


def _at(lost: str, otherwise: str) -> str:
    return (
        "look at the network, and at whether the application has CPU enough to take the answers" if lost else otherwise
    )
