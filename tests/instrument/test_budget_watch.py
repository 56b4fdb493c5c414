"""A registry's budgets: evaluated on its figures, shown in its document, called back, and the same in all workers."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from helpers.waiting import wait_until

from perftui.instrument import Budget, BudgetChange, CacheMonitor, Registry, build_document
from perftui.instrument.budgets.evaluation import SIDE, Evaluated, newest
from perftui.instrument.budgets.reading import BudgetReading
from perftui.instrument.budgets.subjects import subjects
from perftui.instrument.budgets.watch import CALLS_A_MINUTE, EVERY_S, BudgetWatch
from perftui.instrument.endpoints.kinds import ENDPOINT
from perftui.instrument.queries.kinds import QUERY
from perftui.model.metrics import BudgetDocument, MetricsDocument


class Changes:
    """Remembers what it is called with."""

    def __init__(self) -> None:
        self.seen: list[BudgetChange] = []

    def __call__(self, change: BudgetChange) -> None:
        self.seen.append(change)


def serve(registry: Registry, route: str, count: int, seconds: float, status: int = 200) -> None:
    block = registry.block(ENDPOINT, "GET", route, str(status))
    for _ in range(count):
        block.record(time.monotonic(), seconds)


def watch_by_hand(registry: Registry) -> BudgetWatch:
    """Evaluates only when it is told to: the registry's own thread has nothing to do."""
    watch = BudgetWatch(registry)
    registry._jobs.clear()
    return watch


def evaluate(registry: Registry, watch: BudgetWatch, times: int, at: float = 1000.0) -> float:
    """Some evaluations, five seconds apart; returns the time of the next."""
    before: dict[Any, Any] = {}
    for _ in range(times):
        reading = registry.read()
        published = watch.published()
        before = dict(newest([published], at).standings) if published else {}
        watch.evaluate(registry.budgets, list(subjects(reading)), before, at)
        at += EVERY_S
    return at


def budgets_of(document: MetricsDocument, route: str) -> tuple[BudgetDocument, ...]:
    assert document.api is not None
    return next(one.budgets for one in document.api.endpoints if one.route == route)


def test_the_document_shows_each_limit_beside_what_it_holds() -> None:
    registry = Registry(
        "shop",
        budgets=[
            Budget("GET /items/*", "p(95)<500ms", "error_rate<10%"),
            Budget.cache("pages", "hit_rate>80%"),
            Budget("*", "avg<1ms", service="another"),
        ],
    )
    serve(registry, "/items/{id}", 95, 0.1)
    serve(registry, "/items/{id}", 5, 0.1, 500)
    serve(registry, "/health", 10, 0.1)
    cache = CacheMonitor("pages", registry)
    for number in range(100):
        (cache.miss if number < 30 else cache.hit)("page:1", 0.001)
    document = build_document(registry)
    p95, errors = budgets_of(document, "/items/{id}")
    assert (p95.state, p95.ok, p95.samples, p95.budget) == ("ok", True, 100, "GET /items/*")
    assert (errors.value, errors.left_requests, errors.violations) == (0.05, 4, 5)
    assert budgets_of(document, "/health") == ()
    assert document.cache is not None
    (hits,) = document.cache["pages"].budgets
    assert (hits.value, hits.ok, hits.state) == (0.7, False, "warning")


def test_it_is_told_once_that_a_budget_is_over_and_once_that_it_recovered() -> None:
    over, back = Changes(), Changes()
    budget = Budget("GET /a", "p(95)<500ms", window="1m", on_violation=over, on_recovery=back)
    registry = Registry("shop", budgets=[budget])
    watch = watch_by_hand(registry)
    serve(registry, "/a", 100, 0.9)
    at = evaluate(registry, watch, 2)
    assert over.seen == []
    at = evaluate(registry, watch, 4, at)
    (change,) = over.seen
    assert (change.kind, change.subject, change.budget) == ("violation", "GET /a", budget)
    assert str(change).startswith("GET /a is over its budget: p(95)<500ms: 9")
    serve(registry, "/a", 10_000, 0.01)
    evaluate(registry, watch, 5, at)
    assert [change.kind for change in back.seen] == ["recovery"]
    assert len(over.seen) == 1


def test_an_async_callback_is_awaited() -> None:
    seen: list[str] = []

    async def tell(change: BudgetChange) -> None:
        await asyncio.sleep(0)
        seen.append(change.subject)

    registry = Registry("shop", budgets=[Budget("GET /a", "avg<1ms", on_violation=tell)])
    serve(registry, "/a", 100, 0.9)
    evaluate(registry, watch_by_hand(registry), 3)
    assert seen == ["GET /a"]


def test_what_a_callback_raises_is_counted_and_goes_no_further() -> None:
    def fail(change: BudgetChange) -> None:
        raise RuntimeError(change.subject)

    registry = Registry("shop", budgets=[Budget("*", "avg<1ms", on_violation=fail)])
    for route in ("/a", "/b"):
        serve(registry, route, 100, 0.9)
    evaluate(registry, watch_by_hand(registry), 3)
    assert registry.faults["budget callback"] == 2


def test_callbacks_are_bounded_however_much_goes_over_at_once() -> None:
    over = Changes()
    registry = Registry("shop", budgets=[Budget("*", "avg<1ms", on_violation=over)])
    for number in range(CALLS_A_MINUTE + 15):
        serve(registry, f"/{number}", 20, 0.9)
    evaluate(registry, watch_by_hand(registry), 3)
    assert len(over.seen) == CALLS_A_MINUTE
    assert registry.faults["budget callbacks left out"] == 15


def test_every_worker_shows_what_the_elected_one_judged(tmp_path: Path) -> None:
    budgets = [Budget("GET /a", "p(95)<500ms", evaluations=1)]
    first, second = (Registry("shop", budgets=budgets, shared=tmp_path) for _ in range(2))
    serve(first, "/a", 60, 0.9)
    serve(second, "/a", 60, 0.9)
    assert [first.elected, second.elected] == [True, False]
    for registry in (first, second):
        for job in registry._jobs:
            job.function()
    states = []
    for registry in (first, second):
        registry._publish()
        reading = registry.read()
        (standing,) = BudgetReading(registry, reading).of_endpoint("GET", "/a")
        states.append((standing.state, standing.since, standing.samples))
    assert states[0] == states[1]
    assert states[0][0] == "over"
    assert states[0][2] == 120


def test_what_was_too_little_at_the_last_evaluation_is_judged_once_there_is_enough() -> None:
    registry = Registry("shop", budgets=[Budget("GET /a", "p(95)<500ms")])
    watch = watch_by_hand(registry)
    registry.publish(SIDE, watch.published)
    serve(registry, "/a", 3, 0.1)
    watch.run()
    registry._publish()
    reading = registry.read()
    (few,) = BudgetReading(registry, reading).of_endpoint("GET", "/a")
    assert (few.state, few.samples) == ("unknown", 3)
    serve(registry, "/a", 97, 0.1)
    (enough,) = BudgetReading(registry, registry.read()).of_endpoint("GET", "/a")
    assert (enough.state, enough.samples) == ("ok", 100)
    assert enough.since is not None
    assert few.since is not None
    assert enough.since >= few.since


def test_what_was_over_before_there_was_too_little_is_still_over_once_there_is_enough() -> None:
    """Its end was never told: it takes as many good evaluations as ever."""
    registry = Registry("shop", budgets=[Budget("GET /a", "p(95)<500ms")])
    watch = watch_by_hand(registry)
    registry.publish(SIDE, watch.published)
    serve(registry, "/a", 100, 0.9)
    now = evaluate(registry, watch, 3, at=time.time() - 3 * EVERY_S)
    over = dict(newest([watch.published()], now).standings)
    registry.clear("api")
    serve(registry, "/a", 3, 0.1)
    watch.evaluate(registry.budgets, list(subjects(registry.read())), over, now)
    registry._publish()
    assert states(registry) == ["unknown"]
    serve(registry, "/a", 97, 0.1)
    assert states(registry) == ["over"]


def states(registry: Registry) -> list[str | None]:
    return [one.state for one in BudgetReading(registry, registry.read()).of_endpoint("GET", "/a")]


def test_the_registry_s_own_thread_evaluates(tmp_path: Path) -> None:
    path = tmp_path / "perftui-budgets.toml"
    path.write_text('[[endpoint]]\nmatch = "*"\nlimits = ["avg<1ms"]\nevaluations = 1\n', "utf-8")
    registry = Registry("shop", budgets=path)
    serve(registry, "/a", 100, 0.9)
    wait_until(lambda: any(value for _, value in registry.read().side(SIDE)))
    assert budgets_of(build_document(registry), "/a")[0].state == "over"


@pytest.mark.parametrize("published", [None, 3, ["soon"], [5.0, [[1, 2]]], {"at": 1}])
def test_what_another_version_published_is_left_out(published: Any) -> None:
    assert newest([published], 5.0) == Evaluated()


def test_an_old_evaluation_stands_no_more() -> None:
    assert newest([[100.0, []]], 110.0).at == 100.0
    assert newest([[100.0, []]], 500.0) == Evaluated()


def test_shapes_are_held_by_their_collection_and_text() -> None:
    registry = Registry("shop", budgets=[Budget.shape("shop.prompts find *", "p(95)<50ms", "error_rate<1%")])
    for shape_id, collection in (("a1", "shop.prompts"), ("b2", "shop.users")):
        block = registry.block(QUERY, shape_id, collection, "find", "find {category: ?}")
        for _ in range(50):
            block.record(time.monotonic(), 0.2)
    document = build_document(registry)
    assert document.query is not None
    found = {shape.collection: shape.budgets for shape in document.query.shapes}
    assert [(limit.expr, limit.ok) for limit in found["shop.prompts"]] == [
        ("p(95)<50ms", False),
        ("error_rate<1%", True),
    ]
    assert found["shop.users"] == ()


def test_hostile_names_match_only_what_they_are() -> None:
    hostile = "GET /" + "*" * 50 + "[a-z]{999}(((" + "x" * 200
    registry = Registry("shop", budgets=[Budget(hostile, "avg<1ms"), Budget("/" + "*a" * 30 + "b", "avg<1ms")])
    serve(registry, "/" + "a" * 250, 30, 0.1)
    assert budgets_of(build_document(registry), "/" + "a" * 250) == ()


def test_every_callback_of_equal_budgets_is_called_and_the_order_of_budgets_means_nothing(tmp_path: Path) -> None:
    seen = [Changes(), Changes()]
    equal = [Budget("GET /a", "avg<1ms", on_violation=changes, evaluations=1) for changes in seen]
    other = Budget("GET /b", "avg<1ms")
    registry, backwards = (
        Registry("shop", budgets=budgets, shared=tmp_path) for budgets in ([*equal, other], [other, *equal])
    )
    serve(registry, "/a", 30, 0.9)
    watch_by_hand(registry).run()
    assert [len(changes.seen) for changes in seen] == [1, 1]
    registry._publish()
    (first, *_) = BudgetReading(backwards, backwards.read()).of_endpoint("GET", "/a")
    assert first.state == "over"


def test_a_budget_that_names_its_thing_is_judged_however_much_the_others_hold() -> None:
    over = Changes()
    registry = Registry("shop", budgets=[*Budget.defaults(), Budget("POST /pay", "p(95)<100ms", on_violation=over)])
    for number in range(1_010):
        registry.endpoints.record("GET", f"/{number}", 200, time.monotonic(), 0.01)
    for _ in range(50):
        registry.endpoints.record("POST", "/pay", 500, time.monotonic(), 9.0)
    evaluate(registry, watch_by_hand(registry), 3)
    assert [change.subject for change in over.seen] == ["POST /pay"]
    document = build_document(registry, sections=("api",), top=2_000)
    assert "p(95)<100ms" in [one.expr for one in budgets_of(document, "/pay")]
    assert document.remarks == ("33 limits of budgets are not judged: at most 3,000 are.",)
    assert registry.faults == {"budget limits left out": 33}
