"""What budgets can hold of a target, as the monitor sees it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache as cached

from perftui.model.application import ApplicationMetrics, CacheStats, EndpointStats, QueryGroup
from perftui.model.budgets.figures import Held
from perftui.model.budgets.things import Thing, cache_thing, endpoint_thing, redis_thing, shape_thing
from perftui.model.query import DigestRow, QueryDigest
from perftui.model.redis import RedisServer
from perftui.model.snapshot import TargetState
from perftui.monitor.budget_figures import RedisGets, cache, endpoint, group, shape


def things_of(state: TargetState, gets: RedisGets, window_s: float, at: float) -> Iterator[Thing]:
    """Its endpoints, caches, shapes and its Redis. `at` is Unix seconds; `gets` took this state's reading before."""
    application, digest, server = state.application, state.queries, state.redis
    if application is not None:
        yield from (_endpoint(one, application, window_s) for one in application.endpoints)
        yield from (_cache(one, application, window_s) for one in application.caches)
        groups = application.queries.groups if application.queries is not None else ()
        yield from (_group(one, one.shape_id, application, window_s) for one in groups if one.shape_id is not None)
    if digest is not None:
        yield from (_shape(row, digest) for row in digest.rows if not row.overflow)
    if server is not None:
        yield _redis(state, server, gets, at)


def _endpoint(one: EndpointStats, application: ApplicationMetrics, window_s: float) -> Thing:
    held = _once(lambda: endpoint(one, application, window_s))
    return _counted(endpoint_thing(one.method, one.route, held, one.limits), application)


def _cache(one: CacheStats, application: ApplicationMetrics, window_s: float) -> Thing:
    held = _once(lambda: cache(one, application, window_s))
    return _counted(cache_thing(one.name, held, one.limits), application)


def _group(one: QueryGroup, shape_id: str, application: ApplicationMetrics, window_s: float) -> Thing:
    held = _once(lambda: group(one, application, window_s))
    return shape_thing(shape_id, one.collection or "", one.operation or "", one.name, held, one.limits)


def _shape(row: DigestRow, digest: QueryDigest) -> Thing:
    return shape_thing(row.shape_id, row.ns, row.op, row.shape, _once(lambda: shape(row, digest)), row.limits)


def _redis(state: TargetState, server: RedisServer, gets: RedisGets, at: float) -> Thing:
    names = (state.target.name, state.target.address)
    held = cached(lambda minutes: gets.held(server, minutes * 60.0, at))
    return redis_thing(names, lambda budget: held(budget.minutes), server.limits)


def _counted(thing: Thing, application: ApplicationMetrics) -> Thing:
    """Prometheus' counters begin with the process."""
    return replace(thing, counted_since_start=True) if application.format == "openmetrics" else thing


def _once(held: Callable[[], Held]) -> Callable[[object], Held]:
    """The same figures for every budget: the monitor has one window."""
    made = cached(held)
    return lambda _budget: made()
