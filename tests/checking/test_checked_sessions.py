"""What a session is judged by: patience on the way, none at the end."""

from collections.abc import Sequence

from helpers.snapshots import START, busy_snapshot
from msgspec.structs import astuple, replace

from perftui.checking.judge import Judge, Outcome
from perftui.checking.session import Session
from perftui.checking.suggesting import Observations, merged
from perftui.model.application import ApplicationMetrics, CacheStats, EndpointStats
from perftui.model.budgets.budget import Budget
from perftui.model.metrics import BudgetDocument
from perftui.model.query import LatencySummary
from perftui.model.redis import RedisServer
from perftui.model.sample import Failure
from perftui.model.snapshot import Snapshot, SourceState, TargetState
from perftui.model.target import Target

SHOP = Target(id="http://shop", kind="application", name="web-1", address="http://shop")
CACHE = Target(id="redis://cache", kind="redis", name="cache", address="redis://cache")
AVERAGE = Budget("GET /a", "avg<500ms")


def frame(sequence: int, average_ms: float, *, requests: int = 100, own: Sequence[BudgetDocument] = ()) -> Snapshot:
    endpoint = EndpointStats(
        method="GET",
        route="/a",
        requests=requests,
        latency_ms=LatencySummary(average=average_ms, p95=average_ms),
        server_error_rate=0.02,
        limits=tuple(own),
    )
    cache = CacheStats(name="pages", hits=70, misses=30, hit_rate=0.7)
    shown = ApplicationMetrics(format="perftui", service="shop", window_s=60.0, endpoints=(endpoint,), caches=(cache,))
    read = SourceState(source="application.metrics", interval_s=1, read_at=START)
    state = TargetState(target=SHOP, sources=(read,), application=shown)
    return replace(busy_snapshot(sequence, 1), targets=(state,))


def outcomes(frames: Sequence[Snapshot], *budgets: Budget) -> list[Outcome]:
    session = Session(lambda services: Judge(budgets, services))
    for one in frames:
        session.add(one)
    seen, unreached = session.found()
    assert unreached == []
    (only,) = seen
    assert only.source == "web-1"
    assert only.services == ("web-1", "shop")
    assert isinstance(only.observer, Judge)
    return only.observer.outcomes()


def test_what_was_over_on_the_way_is_over_with_its_worst() -> None:
    averages = [100.0] * 10 + [900.0] * 20 + [1200.0] * 4 + [100.0] * 60
    (outcome,) = outcomes([frame(number, average) for number, average in enumerate(averages, 1)], AVERAGE)
    assert outcome.over_since is not None
    assert START + 11 < outcome.over_since <= START + 18
    assert outcome.standing.value == 1.2


def test_a_moment_beyond_the_limit_is_not_over() -> None:
    averages = [100.0] * 10 + [900.0] * 2 + [100.0] * 10
    (outcome,) = outcomes([frame(number, average) for number, average in enumerate(averages, 1)], AVERAGE)
    assert (outcome.over_since, outcome.standing.ok, outcome.standing.value) == (None, True, 0.1)


def test_a_slow_end_is_beyond_the_limit_without_patience() -> None:
    averages = [100.0] * 10 + [900.0]
    (outcome,) = outcomes([frame(number, average) for number, average in enumerate(averages, 1)], AVERAGE)
    assert (outcome.over_since, outcome.standing.ok, outcome.standing.value) == (None, False, 0.9)


def test_the_application_s_own_limits_are_followed_too() -> None:
    over = BudgetDocument(expr="avg<1s", budget="*", state="over", ok=False, value=3.0, limit=1.0, left=-2.0, since=5.0)
    fine = replace(over, state="ok", ok=True, value=0.1, left=0.9, since=None)
    frames = [frame(number, 100.0, own=[over if 3 <= number < 6 else fine]) for number in range(1, 12)]
    (outcome,) = outcomes(frames)
    assert (outcome.place, outcome.over_since, outcome.standing.value) == (None, 5.0, 3.0)
    again = outcomes(frames, Budget("*", "avg<1s"))
    assert [(one.place, one.standing.ok) for one in again] == [(0, True)]


def test_suggestions_are_from_the_worst_that_was_counted_often_enough() -> None:
    frames = [frame(1, 5000.0, requests=3), frame(4, 100.0), frame(8, 300.0), frame(12, 200.0)]
    session = Session(lambda _services: Observations(5))
    for one in frames:
        session.add(one)
    seen, _ = session.found()
    found = {
        one.pattern: one for one in merged([one.observer for one in seen if isinstance(one.observer, Observations)])
    }
    assert (found["GET /a"].p95_s, found["GET /a"].samples, found["GET /a"].error_rate) == (0.3, 100, 0.02)
    assert found["pages"].hit_rate == 0.7


def test_redis_is_judged_by_its_hits_over_the_window() -> None:
    read = SourceState(source="redis.server", interval_s=1, read_at=START)
    session = Session(lambda services: Judge([Budget("*", "hit_rate>90%", on="redis", window="1m")], services))
    for number in range(1, 31):
        server = RedisServer(hits_per_s=50.0, misses_per_s=50.0, hit_rate=0.99)
        state = TargetState(target=CACHE, sources=(read,), redis=server)
        session.add(replace(busy_snapshot(number, 1), targets=(state,)))
    (seen,) = session.found()[0]
    assert isinstance(seen.observer, Judge)
    (outcome,) = seen.observer.outcomes()
    assert (outcome.standing.value, outcome.standing.samples) == (0.5, 2900)


def test_what_was_read_once_before_an_outage_is_looked_at_once() -> None:
    failure = Failure(kind="refused", message="Nothing listens there.", help="Start it.")
    read = SourceState(source="application.metrics", interval_s=1, read_at=START, slot="application")
    states = [replace(read, read_at=START + number) for number in range(1, 11)]
    states += [replace(states[-1], failure=failure)] * 20
    averages = [100.0] * 9 + [900.0] * 21
    frames = [frame(number, average) for number, average in enumerate(averages, 1)]
    frames = [
        replace(one, targets=(replace(one.targets[0], sources=(source,)),))
        for one, source in zip(frames, states, strict=True)
    ]
    (outcome,) = outcomes(frames, AVERAGE)
    assert outcome.over_since is None


def test_a_target_that_was_never_read_is_told_apart() -> None:
    failure = Failure(kind="refused", message="Nothing listens there.", help="Start it.")
    failed = SourceState(source="application.metrics", interval_s=1, failure=failure)
    session = Session(lambda services: Judge((), services), "session.perftui")
    session.add(replace(busy_snapshot(1, 1), targets=(TargetState(target=SHOP, sources=(failed,)),)))
    seen, unreached = session.found()
    assert seen == []
    assert [astuple(one) for one in unreached] == [("session.perftui: web-1", "Nothing listens there.", "Start it.")]
