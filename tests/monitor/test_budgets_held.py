"""The budgets of the monitor's own file, on what it sees of an application, MongoDB and Redis."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from perftui.model.application import (
    ApplicationMetrics,
    ApplicationQueries,
    CacheStats,
    EndpointStats,
    QueryGroup,
    Uncertainty,
)
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.figures import Held
from perftui.model.event import Event
from perftui.model.metrics import BudgetDocument
from perftui.model.query import DigestRow, LatencySummary, QueryDigest
from perftui.model.redis import RedisServer
from perftui.model.sample import Failure
from perftui.model.settings import Thresholds
from perftui.model.snapshot import SourceState, TargetState
from perftui.model.target import Target, TargetKind
from perftui.monitor import budget_things
from perftui.monitor.budget_figures import RedisGets, endpoint
from perftui.monitor.budget_things import things_of
from perftui.monitor.budgets import HeldBudgets
from perftui.monitor.events import Notices

FAST = LatencySummary(average=20.0, p50=15.0, p95=80.0, p99=120.0, maximum=300.0)
SLOW = LatencySummary(average=400.0, p50=300.0, p95=900.0, p99=1200.0, maximum=3000.0)


def target(kind: TargetKind, name: str = "shop") -> Target:
    return Target(id=f"{kind}://{name}", kind=kind, name=name, address=f"{kind}://{name}")


def application(latency: LatencySummary = FAST, errors: float = 0.0, **fields: object) -> TargetState:
    endpoint = EndpointStats(method="GET", route="/a", requests=1000, latency_ms=latency, server_error_rate=errors)
    cache = CacheStats(name="pages", hits=700, misses=300, hit_rate=0.7, efficiency=60.0, get_ms=1.0)
    metrics = ApplicationMetrics(
        format="openmetrics", service="shop", window_s=300.0, endpoints=(endpoint,), caches=(cache,)
    )
    return TargetState(target=target("application"), application=replace(metrics, **fields))


def digest(limits: tuple[BudgetDocument, ...] = ()) -> TargetState:
    row = DigestRow(
        shape_id="a1",
        ns="shop.prompts",
        op="find",
        shape="find {category: ?}",
        count=500,
        latency_ms=SLOW,
        last_seen_at=1.0,
        limits=limits,
    )
    rest = DigestRow(
        shape_id="overflow",
        ns="",
        op="unknown",
        shape="shapes beyond 500",
        count=9000,
        latency_ms=SLOW,
        last_seen_at=1.0,
        overflow=True,
    )
    return TargetState(target=target("mongodb"), queries=QueryDigest(rows=(row, rest), covered_s=300.0))


def limits_of(state: TargetState) -> dict[str, BudgetDocument]:
    """All limits that a target shows, by the limit's text."""
    found: list[BudgetDocument] = []
    if state.application is not None:
        found += [limit for one in state.application.endpoints for limit in one.limits]
        found += [limit for kept in state.application.caches for limit in kept.limits]
    if state.queries is not None:
        found += [limit for row in state.queries.rows for limit in row.limits]
    if state.redis is not None:
        found += state.redis.limits
    return {limit.expr: limit for limit in found}


def judged(budgets: list[Budget], *states: TargetState, times: int = 1) -> tuple[TargetState, ...]:
    held, shown = HeldBudgets(budgets), states
    for number in range(times):
        shown = held.applied(states, 300.0, 1000.0 + 5 * number)
    return shown


def test_an_endpoint_of_any_application_is_held_to_the_file_s_budgets() -> None:
    budgets = [Budget("GET /a", "p(95)<500ms", "error_rate<1%", "avg<1s"), Budget("/b", "avg<1s")]
    (state,) = judged(budgets, application(SLOW, errors=0.005), times=3)
    limits = limits_of(state)
    assert {expr: limit.state for expr, limit in limits.items()} == {
        "p(95)<500ms": "over", "error_rate<1%": "ok", "avg<1s": "ok",
    }  # fmt: skip
    assert limits["error_rate<1%"].left_requests == 4
    assert state.application is not None
    (endpoint,) = state.application.endpoints
    assert endpoint.budget == "over"
    assert endpoint.budgets[0] == "p(95)<500ms: 900 ms, over"


def test_a_quantile_of_the_last_open_bucket_is_over_or_unknown() -> None:
    endpoint = EndpointStats(
        method="GET", route="/a", requests=100, latency_ms=FAST, p95_bounds=Uncertainty(low=1000.0, high=None)
    )
    state = application(endpoints=(endpoint,))
    limits = limits_of(judged([Budget("*", "p(95)<500ms", "p(95)<2s")], state)[0])
    assert {expr: limit.ok for expr, limit in limits.items()} == {"p(95)<500ms": False, "p(95)<2s": None}


def test_caches_shapes_and_redis_are_held_too() -> None:
    redis = TargetState(
        target=target("redis", "cache:6379"), redis=RedisServer(hits_per_s=60.0, misses_per_s=40.0, hit_rate=0.6)
    )
    budgets = [
        Budget.cache("pages", "hit_rate>80%", "efficiency>50"),
        Budget.shape("shop.prompts find *", "p(95)<50ms"),
        Budget("cache:*", "hit_rate>90%", on="redis"),
    ]
    shown = judged(budgets, application(), digest(), redis, times=4)
    states = {expr: limit.state for state in shown for expr, limit in limits_of(state).items()}
    assert states == {"hit_rate>80%": "over", "efficiency>50": "ok", "p(95)<50ms": "over", "hit_rate>90%": "over"}
    assert limits_of(shown[2])["hit_rate>90%"].samples == 1500
    assert shown[1].queries is not None
    assert shown[1].queries.rows[1].limits == ()


def test_the_overflow_of_all_other_shapes_is_held_by_no_budget() -> None:
    (state,) = judged([Budget.shape("*", "p(95)<50ms")], digest())
    assert state.queries is not None
    assert [len(row.limits) for row in state.queries.rows] == [1, 0]


def test_a_budget_may_mean_one_application_only() -> None:
    state = application()
    assert limits_of(judged([Budget("*", "avg<1s", service="other")], state)[0]) == {}
    assert set(limits_of(judged([Budget("*", "avg<1s", service="sh*")], state)[0])) == {"avg<1s"}


def read_by(state: TargetState, slot: str, at: float, *, down: bool = False, interval_s: float = 1.0) -> TargetState:
    """The state as its source's last reading left it, and whether that source answers still."""
    failure = Failure(kind="refused", message="Nothing listens.", help="Start it.") if down else None
    one = SourceState(source="it", slot=slot, interval_s=interval_s, read_at=at, failure=failure, stale=down)
    return replace(state, sources=(one,))


def over_time(budget: Budget, states: list[TargetState], step_s: float = 2.0) -> list[BudgetDocument]:
    held = HeldBudgets([budget])
    shown = [held.applied((one,), 300.0, 1000.0 + step_s * number)[0] for number, one in enumerate(states)]
    return [limits_of(one)[budget.limits[0].expr] for one in shown]


def test_one_slow_reading_before_an_outage_is_not_judged_again_and_again() -> None:
    slow = application(SLOW)
    alive, outage = read_by(slow, "application", 1.0), read_by(slow, "application", 1.0, down=True)
    back = [read_by(slow, "application", 20.0 + number) for number in range(3)]
    found = over_time(Budget("GET /a", "p(95)<500ms"), [alive, *[outage] * 8, *back])
    assert [one.state for one in found] == ["warning"] * 10 + ["over"] * 2


def test_one_reading_is_one_judgement_however_often_it_is_shown() -> None:
    rare = [read_by(application(SLOW), "application", 1.0 + number // 5) for number in range(15)]
    found = over_time(Budget("GET /a", "p(95)<500ms"), rare)
    assert [one.state for one in found].index("over") == 10


def test_a_reading_that_its_source_did_not_outlive_is_none() -> None:
    slow = read_by(application(SLOW), "application", 2.0, down=True)
    (found,) = over_time(
        Budget("GET /a", "p(95)<500ms", evaluations=1), [read_by(application(), "application", 1.0), slow]
    )[1:]
    assert found.state == "ok"


def test_a_dead_redis_serves_no_gets() -> None:
    redis = TargetState(target=target("redis"), redis=RedisServer(hits_per_s=60.0, misses_per_s=40.0, hit_rate=0.6))
    alive = [read_by(redis, "redis", 1.0 + number) for number in range(4)]
    outage = [read_by(redis, "redis", 4.0, down=True)] * 20
    back = [read_by(redis, "redis", 900.0 + number) for number in range(2)]
    found = over_time(Budget("*", "hit_rate>90%", on="redis"), [*alive, *outage, *back], step_s=10.0)
    assert [one.samples for one in found[3:]] == [3000] * 21 + [9000, 10000], "a gap counts a minute at most"


def test_gets_that_are_read_rarely_are_all_counted() -> None:
    redis = TargetState(target=target("redis"), redis=RedisServer(hits_per_s=60.0, misses_per_s=40.0, hit_rate=0.6))
    states = [read_by(redis, "redis", float(number), interval_s=100.0) for number in range(3)]
    assert over_time(Budget("*", "hit_rate>90%", on="redis"), states, step_s=100.0)[-1].samples == 20_000


def test_nothing_new_is_made_while_nothing_changes() -> None:
    held, states = HeldBudgets([Budget("*", "avg<1s")]), (application(), digest())
    first = held.applied(states, 300.0, 1000.0)
    assert all(one is other for one, other in zip(first, held.applied(states, 300.0, 1000.5), strict=True))
    assert all(one is other for one, other in zip(first, held.applied(states, 300.0, 1009.0), strict=True))
    assert first[1] is states[1]


def test_one_snapshot_alone_is_judged_at_once() -> None:
    held = HeldBudgets([Budget("*", "p(95)<500ms")])
    held.judge_at_once()
    assert limits_of(held.applied((application(SLOW),), 300.0, 1000.0)[0])["p(95)<500ms"].state == "over"


def test_what_an_application_limits_is_shown_beside_the_server_s_shape_too() -> None:
    limit = BudgetDocument(expr="p(95)<20ms", value=0.9, limit=0.02, ok=False, state="over", budget="a1")
    group = QueryGroup(by="shape", name="find {category: ?}", shape_id="a1", count=5, limits=(limit,))
    shown = judged([], application(queries=ApplicationQueries(groups=(group,))), digest())
    assert limits_of(shown[1]) == {"p(95)<20ms": limit}


def notices_of(*rounds: tuple[TargetState, ...]) -> list[Event]:
    notices, events = Notices(Thresholds()), tuple[Event, ...]()
    for number, states in enumerate(rounds):
        events = notices.take(states, 1000.0 + number)
    return [event for event in events if event.kind.startswith("budget.")]


def with_limit(state: str | None, subjects: int = 1) -> TargetState:
    limit = BudgetDocument(expr="p(95)<500ms", value=0.9, limit=0.5, ok=False, state=state)  # type: ignore[arg-type]
    endpoints = tuple(EndpointStats(method="GET", route=f"/{number}", limits=(limit,)) for number in range(subjects))
    return application(endpoints=endpoints, caches=())


def test_going_over_and_recovering_are_events_once_each() -> None:
    rounds = [(with_limit(state),) for state in ("ok", "over", "over", "unknown", "over", "warning", "ok")]
    over, back = notices_of(*rounds)
    assert (over.kind, over.severity, over.subject, over.at) == ("budget.over", "critical", "GET /0", 1001.0)
    assert over.message == "shop: GET /0 is over its budget: p(95)<500ms: 900 ms, over."
    assert (back.kind, back.severity, back.at) == ("budget.recovered", "recovered", 1005.0)


def test_many_at_once_are_told_in_one_sentence() -> None:
    (event,) = notices_of((with_limit("over", subjects=40),))
    assert event.message.endswith("So are 39 more.")


def test_what_both_application_and_server_show_is_told_once() -> None:
    limit = BudgetDocument(expr="p(95)<20ms", value=0.9, limit=0.02, ok=False, state="over", budget="a1")
    group = QueryGroup(by="shape", name="find {category: ?}", shape_id="a1", count=5, limits=(limit,))
    states = (application(queries=ApplicationQueries(groups=(group,))), digest(limits=(limit,)))
    (event,) = notices_of(states)
    assert event.target_id == "application://shop"


def test_shapes_that_the_application_counted_itself_are_held_too() -> None:
    one = QueryGroup(
        by="shape",
        name="find {category: ?}",
        collection="shop.prompts",
        operation="find",
        shape_id="a1",
        count=500,
        latency_ms=SLOW,
    )
    whole = QueryGroup(by="collection", name="shop.prompts", count=500, latency_ms=SLOW)
    budgets = [Budget.shape("shop.prompts find", "p(95)<50ms")]
    (state,) = judged(budgets, application(queries=ApplicationQueries(groups=(whole, one))), times=3)
    assert state.application is not None
    assert state.application.queries is not None
    of_collection, of_shape = state.application.queries.groups
    assert of_collection.limits == ()
    assert [(limit.expr, limit.state, limit.value) for limit in of_shape.limits] == [("p(95)<50ms", "over", 0.9)]


def test_requests_in_flight_are_held_where_the_application_tells_them() -> None:
    endpoint = EndpointStats(method="GET", route="/a", requests=1000, latency_ms=FAST, active=7)
    (state,) = judged([Budget("GET /a", "in_flight<5")], application(endpoints=(endpoint,)), times=3)
    assert (limits_of(state)["in_flight<5"].state, limits_of(state)["in_flight<5"].value) == ("over", 7)


def test_a_cache_is_judged_by_its_hits_in_the_window_and_not_since_it_started() -> None:
    cache = CacheStats(name="pages", hits=9900, misses=100, hit_rate=0.5)
    (exported,) = judged([Budget.cache("pages", "hit_rate>80%")], application(caches=(cache,)), times=3)
    assert limits_of(exported)["hit_rate>80%"].value == 0.5
    own = application(caches=(replace(cache, hits=500, misses=500),), format="perftui")
    assert limits_of(judged([Budget.cache("pages", "hit_rate>80%")], own)[0])["hit_rate>80%"].violations == 500


def test_the_figures_of_a_thing_are_made_once_for_all_its_budgets(monkeypatch: pytest.MonkeyPatch) -> None:
    made: Counter[object] = Counter()
    gets = RedisGets()

    def count(name: str, figures: Callable[..., Held], given: int) -> Callable[..., Held]:
        def counted(*arguments: Any) -> Held:
            made[name, arguments[given]] += 1
            return figures(*arguments)

        return counted

    monkeypatch.setattr(budget_things, "endpoint", count("endpoint", endpoint, 2))
    monkeypatch.setattr(gets, "held", count("redis", gets.held, 1))
    state = replace(application(), redis=RedisServer(version="7"))
    for thing in things_of(state, gets, 300.0, 1000.0):
        for budget in (Budget("*", "avg<1s"), Budget("GET /a", "avg<2s"), Budget("*", "avg<3s", window="1m")):
            thing.held(budget)
    assert made == {("endpoint", 300.0): 1, ("redis", 300.0): 1, ("redis", 60.0): 1}
