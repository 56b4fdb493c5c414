"""What is normal is no problem, however much of it there is."""

import random
from collections.abc import Callable

import pytest
from helpers.application_incidents import no_requests, slow_items
from helpers.incidents import (
    MB,
    Change,
    Story,
    Targets,
    endpoint,
    set_figures,
    set_slot,
)
from helpers.scan_incidents import waiting
from msgspec.structs import replace

from perftui.model.mongodb import (
    Connections,
    Member,
    Queues,
    ReplicaSet,
    StorageCache,
    Tickets,
)
from perftui.model.operation import OpenTransaction, Operation, OperationList
from perftui.model.redis import (
    RedisSlowCommand,
    RedisSlowLog,
)

BORNE: dict[str, Callable[[], Change]] = {
    "an LRU cache that evicts and hits": lambda: lambda targets, _at, _passed: set_figures(
        targets, "redis", "redis", evicted_per_s=300.0
    ),
    "a transaction that is idle for a moment": lambda: lambda targets, _at, passed: set_slot(
        targets, "mongodb",
        operations=OperationList(transactions=(OpenTransaction(session="a", idle_s=passed % 2, locks="Collection w"),)),
    ),
    "thirty fast operations at once": lambda: lambda targets, at, _passed: set_slot(
        targets, "mongodb", operations=OperationList(operations=waiting(30, 0.05, at, None))
    ),
    "an index build": lambda: lambda targets, _at, passed: set_slot(
        targets, "mongodb",
        operations=OperationList(
            operations=(Operation(opid=5, op="command", ns="a.b", running_s=100.0 + passed, message="Index Build"),)
        ),
    ),
    "one slow log entry of twenty milliseconds": lambda: lambda targets, at, _passed: set_slot(
        targets, "redis",
        redis_slow_log=RedisSlowLog(entries=(RedisSlowCommand(id=1, at=at, duration_us=20_000, command="MGET"),)),
    ),
    "an endpoint that is far slower for four seconds": lambda: lambda targets, _at, passed: slow_items(
        targets, 900.0 if passed < 4 else 12.0
    ),
    "a CPU that is busy for two seconds": lambda: lambda targets, _at, passed: set_figures(
        targets, "host", "host", cpu_share=0.99 if passed < 2 else 0.4
    ),
    "a client that waits for its index build": lambda: lambda targets, _at, passed: set_slot(
        targets, "mongodb",
        operations=OperationList(
            operations=(
                Operation(
                    opid=8, op="command", ns="a.b", running_s=200.0 + passed, command='{"createIndexes":"b"}'
                ),
            )
        ),
    ),
    "many that follow a change stream": lambda: lambda targets, _at, _passed: set_slot(
        targets, "mongodb",
        operations=OperationList(
            operations=tuple(
                Operation(
                    opid=one, op="getmore", ns="a.b", running_s=4.0, shape_id="cs",
                    command='{"aggregate":"b","pipeline":[{"$changeStream":{}}]}',
                )
                for one in range(40)
            )
        ),
    ),
    "a hidden member that is delayed": lambda: lambda targets, _at, _passed: set_slot(
        targets, "mongodb", replica_set=ReplicaSet(
            name="rs0",
            members=(
                Member(address="db:27017", role="PRIMARY", healthy=True, votes=1),
                Member(address="db2:27017", role="SECONDARY", healthy=True, votes=0, hidden=True, lag_s=3600.0),
            ),
        ),
    ),
    "a change stream": lambda: lambda targets, _at, passed: set_slot(
        targets, "mongodb",
        operations=OperationList(
            operations=(
                Operation(
                    opid=6, op="getmore", ns="a.b", running_s=90.0 + passed,
                    command='{"aggregate":"b","pipeline":[{"$changeStream":{}}]}',
                ),
            )
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BORNE)
def test_what_is_normal_is_no_problem(name: str) -> None:
    story = Story()
    story.play(40)
    change = BORNE[name]()
    assert {verdict.status for verdict in story.play(30, change)} == {"healthy"}


@pytest.mark.parametrize("seed", range(4))
def test_a_healthy_hour_with_bursts_has_no_verdict(seed: int) -> None:
    """Bursts of up to three times the load, for up to half a minute, at any time."""
    chance, story = random.Random(seed), Story(seed)
    while story.second < 3600:
        story.play(chance.randrange(20, 120))
        story.play(chance.randrange(2, 30), load=chance.uniform(1.5, 3.0))
    wrong = [verdict.message for verdict in story.verdicts if verdict.status not in ("looking", "healthy")]
    assert wrong == []


def test_who_waits_for_a_lock_wants_no_ticket() -> None:
    def locked(targets: Targets, _at: float, _passed: int) -> None:
        used = Tickets(read_used=6, read_total=128, write_used=3, write_total=128)
        set_figures(targets, "mongodb", "mongodb", tickets=used, queues=Queues(readers=200, writers=90))

    story = Story()
    story.play(40)
    assert "tickets-exhausted" not in {one.problem.code for one in story.play(20, locked) if one.problem}


def test_a_large_cache_that_is_read_anew_slowly_is_well() -> None:
    def large(targets: Targets, _at: float, _passed: int) -> None:
        cache = StorageCache(
            used_bytes=400 * MB,
            maximum_bytes=500 * MB,
            dirty_bytes=5 * MB,
            evicted_by_operations_per_s=45.0,
            read_bytes_per_s=9.0 * MB,
        )
        set_figures(targets, "mongodb", "mongodb", cache=cache)

    story = Story()
    story.play(40)
    assert {one.status for one in story.play(20, large)} == {"healthy"}


def test_streams_and_long_polls_are_no_problem_to_who_comes_late() -> None:
    def streaming(targets: Targets, _at: float, _passed: int) -> None:
        stream = endpoint("/events", 30_000.0, 20, active=400, streams=20)
        poll = endpoint("/poll", 20.0, 0, active=60)
        set_figures(targets, "application", "application", endpoints=(replace(stream, requests=20), poll))

    assert {verdict.status for verdict in Story().play(30, streaming)} == {"looking", "healthy"}


def churn(per_s: float) -> Change:
    def change(targets: Targets, _at: float, _passed: int) -> None:
        connections = Connections(current=45, available=900, created_per_s=per_s)
        set_figures(targets, "mongodb", "mongodb", connections=connections)

    return change


def test_connections_that_are_opened_again_and_again() -> None:
    story = Story()
    story.play(40)
    last = story.play(10, churn(200.0))[-1]
    assert last.problem is not None
    assert last.problem.code == "connection-storm"
    assert "200/s new" in last.problem.cost
    assert last.problem.what == "connections are opened and closed all the time"
    assert "each process keep one client" in last.problem.help


def test_clients_that_always_connect_anew_are_no_storm() -> None:
    assert {verdict.status for verdict in Story().play(60, churn(200.0))} == {"looking", "healthy"}


def test_requests_that_come_now_and_then_are_not_missed() -> None:
    def rarely(targets: Targets, at: float, passed: int) -> None:
        if passed % 30 > 10:
            no_requests(targets, at, passed)

    assert {verdict.status for verdict in Story().play(300, rarely)} == {"looking", "healthy"}
