"""Why an endpoint is slow, where nothing else is wrong: by what its requests asked, as far as that proves it."""

from typing import Any

import pytest
from helpers.incidents import (
    APPLICATION,
    MONGODB,
    Change,
    Story,
    Targets,
    after,
    endpoint,
    pool,
    set_figures,
    set_slot,
)
from msgspec.structs import replace

from perftui.model.application import ApplicationProcess, ApplicationQueries, EndpointStats, QueryGroup
from perftui.model.metrics import QueryCallerDocument, QueryPoolDocument
from perftui.model.mongodb import OperationLatency
from perftui.model.verdict import Problem

PRICE = "find {sku: ?}"
LOCAL_POOL = QueryPoolDocument(address="db:27017", size=10, in_use=2, max_size=20)


def asking(average_ms: float, queries: float, query_ms: float, *, cache_ms: float | None = None) -> EndpointStats:
    """Each of its requests asks so much; most of it are prices."""
    one = endpoint(average_ms=average_ms, requests=40)
    assert one.recent is not None
    recent = replace(
        one.recent, queries=round(40 * queries), query_ms=40 * query_ms, mostly="price",
        mostly_queries=round(40 * max(queries - 1, 0)), cache_ms=None if cache_ms is None else 40 * cache_ms,
    )  # fmt: skip
    return replace(one, recent=recent)


def sent(*pools: QueryPoolDocument, by_nobody: int = 0) -> ApplicationQueries:
    """What the document lists of queries; `by_nobody`: no request is known to have sent them."""
    caller = QueryCallerDocument(method="GET", route="/items", calls=900)
    price = QueryGroup(
        by="shape", name=PRICE, collection="shop.prices", shape_id="price", count=900 + by_nobody, callers=(caller,)
    )
    return ApplicationQueries(pools=pools or (LOCAL_POOL,), groups=(price,))


def change_to(one: EndpointStats, queries: ApplicationQueries | None = None) -> Change:
    def change(targets: Targets, _at: float, _passed: int) -> None:
        endpoints = (one, endpoint("/users"))
        set_figures(targets, "application", "application", endpoints=endpoints, queries=queries or sent())

    return change


USUALLY = change_to(asking(12.0, 3.0, 6.0))


def problem(ill: Change, usually: Change | None = USUALLY, seconds: int = 14) -> Problem:
    """The verdict after so many seconds; `usually` is `None` for who comes late."""
    story = Story()
    if usually is not None:
        story.play(40, usually)
    last = story.play(seconds, ill)[-1]
    assert last.problem is not None, last.message
    assert (last.problem.code, last.problem.target_id) == ("slow-endpoint", APPLICATION.id)
    return last.problem


def test_one_query_for_each_of_many_things() -> None:
    found = problem(change_to(asking(640.0, 82.0, 520.0)))
    assert found.cause == (
        "each request sends 82 queries, usually 3, mostly shop.prices find {sku: ?}; 520 ms of 640 ms pass in them"
    )
    assert "one by one" in found.help


def test_what_was_usual_before_stays_so_however_long_it_lasts() -> None:
    assert "usually 3" in problem(change_to(asking(640.0, 82.0, 520.0)), seconds=400).cause


def test_who_comes_late_sees_very_many() -> None:
    found = problem(change_to(asking(800.0, 82.0, 620.0)), usually=None, seconds=20)
    assert found.cause.startswith("each request sends 82 queries, mostly shop.prices")


def test_so_many_as_ever_are_not_the_reason() -> None:
    found = problem(change_to(asking(900.0, 82.0, 850.0)), change_to(asking(60.0, 80.0, 40.0)))
    assert "usually" not in found.cause
    assert found.cause.startswith("850 ms of 900 ms pass in 82 queries")


def test_queries_that_take_most_of_the_time_are_named() -> None:
    busy = OperationLatency(per_s=200.0, average_ms=160.0)

    def change(targets: Targets, at: float, passed: int) -> None:
        change_to(asking(900.0, 3.0, 850.0))(targets, at, passed)
        set_figures(targets, "mongodb", "mongodb", reads=busy)

    assert problem(change).cause == "850 ms of 900 ms pass in 3 queries, mostly shop.prices find {sku: ?}"


def test_what_mongodb_never_worked_is_lost_on_the_way() -> None:
    """34 s are waited each second, and all of its operations take a tenth of a second."""
    found = problem(change_to(asking(900.0, 3.0, 850.0)))
    assert found.cause.startswith("850 ms of 900 ms pass in 3 queries, while MongoDB answers in 0.")
    assert found.cause.endswith("on average: the rest is lost on the way to it and back")
    assert "network" in found.help


@pytest.mark.parametrize("address", ["db9:27017", "db:27018"])
def test_of_a_server_that_is_not_watched_nothing_is_known(address: str) -> None:
    elsewhere = replace(LOCAL_POOL, address=address)
    found = problem(change_to(asking(900.0, 3.0, 850.0), sent(LOCAL_POOL, elsewhere)))
    assert found.cause == "850 ms of 900 ms pass in 3 queries, mostly shop.prices find {sku: ?}"


def test_the_loopback_has_several_names() -> None:
    def change(targets: Targets, at: float, passed: int) -> None:
        local = replace(LOCAL_POOL, address="127.0.0.1:27017")
        change_to(asking(900.0, 3.0, 850.0), sent(local))(targets, at, passed)
        set_slot(
            targets, "mongodb", target=replace(MONGODB, address="mongodb://localhost:27017/?directConnection=true")
        )

    assert "lost on the way" in problem(change).cause


def test_what_passes_in_no_query_is_the_application() -> None:
    found = problem(change_to(asking(900.0, 3.0, 6.0)))
    assert found.cause == (
        "only 6.0 ms of 900 ms pass in queries: the rest is the application itself, or what else it calls"
    )


def test_who_waits_for_a_connection_has_not_asked_yet() -> None:
    waiting = pool(in_use=10, waiting=7)
    assert problem(change_to(asking(900.0, 3.0, 6.0), sent(waiting))).cause.endswith(
        "; 7 commands wait for a connection of its pool"
    )


def test_caches_take_time_too() -> None:
    assert problem(change_to(asking(900.0, 3.0, 20.0, cache_ms=700.0))).cause == ("700 ms of 900 ms pass in its caches")


def test_some_of_it_is_told_as_some() -> None:
    assert problem(change_to(asking(900.0, 3.0, 400.0))).cause == "400 ms of 900 ms pass in 3 queries"


def test_queries_of_threads_of_its_own_may_be_the_rest() -> None:
    """A third of all commands came from no request, as far as is known: nobody can say that they are not this one's."""
    found = problem(change_to(asking(900.0, 3.0, 6.0), sent(by_nobody=450)))
    assert found.cause == "the time is spent in the application itself, or in what it calls"


def test_queries_at_the_same_time_are_told_so() -> None:
    found = problem(change_to(asking(500.0, 8.0, 3_000.0), sent(replace(LOCAL_POOL, address="db9:27017"))))
    assert found.cause.startswith("500 ms of 500 ms pass in 8 queries that run at the same time")


def test_an_application_that_does_not_tell_is_told_of_as_before() -> None:
    found = after(14, lambda targets, _at, _passed: _slow(targets)).problem
    assert found is not None
    assert found.cause == "the time is spent in the application itself, or in what it calls"


def _slow(targets: Targets, **fields: Any) -> None:
    endpoints = (endpoint(average_ms=900.0, **fields), endpoint("/users"))
    set_figures(targets, "application", "application", endpoints=endpoints)


def test_requests_that_hang_are_in_no_figure() -> None:
    def hanging(targets: Targets, _at: float, passed: int) -> None:
        one = replace(asking(12.0, 3.0, 6.0), active=20 + 10 * passed)
        set_figures(targets, "application", "application", endpoints=(one, endpoint("/users")), queries=sent())

    assert "pass in" not in problem(hanging).cause


def using(cores: float, workers: int, one: EndpointStats) -> Change:
    """An application whose processes take so much CPU meanwhile."""

    def change(targets: Targets, at: float, passed: int) -> None:
        change_to(one)(targets, at, passed)
        process = ApplicationProcess(cpu_share=cores, workers=workers)
        set_figures(targets, "application", "application", process=process)

    return change


@pytest.mark.parametrize(
    ("cores", "workers", "words"),
    [
        (0.97, 1, "; it computes: its process takes 1.0 cores"),
        (3.9, 4, "; it computes: its processes take 3.9 cores"),
        (0.04, 1, "; it waits rather than computes: it takes 4 % of a core"),
        (0.65, 1, "what else it calls"),
        (1.2, 4, "; it waits rather than computes: it takes 1.2 cores"),
    ],
)
def test_whether_it_computes_or_waits(cores: float, workers: int, words: str) -> None:
    assert problem(using(cores, workers, asking(900.0, 3.0, 6.0))).cause.endswith(words)


def test_of_one_that_hangs_too() -> None:
    def hanging(targets: Targets, at: float, passed: int) -> None:
        one = endpoint(requests=0, active=20 + 10 * passed)
        using(0.02, 1, one)(targets, at, passed)

    assert problem(hanging).cause.endswith("; it waits rather than computes: it takes 2 % of a core")


def test_more_visitors_are_told_first() -> None:
    def crowd(targets: Targets, at: float, passed: int) -> None:
        change_to(asking(900.0, 3.0, 6.0))(targets, at, passed)
        set_figures(targets, "application", "application", per_s=399.0 + passed % 3)

    found = problem(crowd)
    assert found.cause.startswith("its requests rose from 81/s to 400/s; only 6.0 ms of 900 ms pass in queries")


def test_fewer_visitors_are_no_reason() -> None:
    def quiet(targets: Targets, at: float, passed: int) -> None:
        change_to(asking(900.0, 3.0, 6.0))(targets, at, passed)
        set_figures(targets, "application", "application", per_s=10.0 + passed % 3)

    assert "its requests" not in problem(quiet).cause
