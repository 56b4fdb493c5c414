"""Redis that is filled by answers nobody fetches, paused, or asked for far too much; and what only looks so."""

import pytest
from helpers.application_incidents import slow_items
from helpers.held_up_redis import WRITES, large_answers, paused, unfetched
from helpers.incidents import Change, Story, Targets, after, set_figures
from helpers.redis_incidents import MB, change_redis, problem_after
from msgspec.structs import replace

from perftui.model.redis import CommandStats, RedisClients, RedisMemory

BLPOP = (*WRITES, CommandStats(command="blpop", calls=9))


def with_usual(blocked: int = 0, sent: float = 0.2) -> Change:
    def change(targets: Targets, _at: float, _passed: int) -> None:
        clients = RedisClients(connected=20, maximum=10_000, blocked=blocked, blocking_keys=min(blocked, 1))
        set_figures(targets, "redis", "redis", clients=clients, sent_bytes_per_s=sent * MB, expired_per_s=0.0)

    return change


def test_what_fills_it_is_the_cause_of_all_that_follows_from_there() -> None:
    story = Story()
    story.play(40, with_usual())
    last = story.play(60, unfetched)[-1]
    assert last.problem is not None
    assert last.problem.code == "redis-buffers"
    assert {"cache-flushed", "redis-refuses"} <= {one.code for one in last.effects}
    assert last.others == ()
    assert last.problem.command == "redis-cli client list | grep -v omem=0"


def test_keys_that_went_for_buffers_are_told_so_after_these_are_gone() -> None:
    story = Story()
    story.play(40, with_usual())
    story.play(20, unfetched)

    def ended(targets: Targets, _at: float, passed: int) -> None:
        memory = RedisMemory(used_bytes=2 * MB, maximum_bytes=60 * MB, policy="allkeys-lru", clients_bytes=MB)
        figures = {"keys": 5 * passed, "hit_rate": 0.1, "evicted_per_s": 0.0, "expired_per_s": 0.0}
        set_figures(targets, "redis", "redis", memory=memory, **figures)

    last = story.play(20, ended)[-1]
    assert last.problem is not None
    assert last.problem.code == "cache-flushed"
    assert "keys were evicted for want of memory: clients' buffers took 58 MB of 60 MB" in last.problem.cause


def test_many_clients_are_not_called_slow() -> None:
    def crowd(targets: Targets, at: float, passed: int) -> None:
        unfetched(targets, at, passed)
        set_figures(targets, "redis", "redis", clients=RedisClients(connected=3_000, largest_output_bytes=MB))

    assert "are buffers of 3,000 clients, not data" in problem_after(20, crowd).cause


def buffers(mb: int, used_mb: int, **fields: object) -> Change:
    memory = RedisMemory(used_bytes=used_mb * MB, maximum_bytes=64 * MB, policy="allkeys-lru", clients_bytes=mb * MB)
    return change_redis(memory=memory, **fields)


FINE: dict[str, Change] = {
    "large buffers with room for the keys": buffers(40, 52),
    "a full cache with large buffers that still hits": buffers(30, 64, evicted_per_s=300.0),
    "large buffers without a limit": change_redis(
        memory=RedisMemory(used_bytes=900 * MB, clients_bytes=800 * MB), hit_rate=0.4
    ),
    "a replica that copies all data": change_redis(sent_bytes_per_s=200.0 * MB, commands_per_s=500.0),
    "workers that wait for a list": change_redis(
        version="8.2.3", clients=RedisClients(connected=20, blocked=16, blocking_keys=1), commands=BLPOP
    ),
    "workers of Redis 6.2": change_redis(
        version="6.2.14", clients=RedisClients(connected=20, blocked=16), commands=BLPOP
    ),
    "the first that wait in Redis 7.0": change_redis(
        version="7.0.15", clients=RedisClients(connected=20, blocked=16), commands=WRITES
    ),
    "writers that wait for replicas": change_redis(
        version="8.2.3", clients=RedisClients(connected=20, blocked=16, blocking_keys=0),
        commands=(*WRITES, CommandStats(command="wait", calls=9)),
    ),
    "a module with threads of its own": change_redis(
        version="8.2.3", clients=RedisClients(connected=20, blocked=16, blocking_keys=0),
        commands=(*WRITES, CommandStats(command="ft.search", calls=9)),
    ),
    "workers of a Valkey that is not paused": change_redis(
        clients=RedisClients(connected=20, blocked=16, blocking_keys=0, paused="none", paused_reason="none"),
        commands=WRITES,
    ),
    "a paused Valkey that nobody waits for": change_redis(
        clients=RedisClients(connected=20, blocked=0, paused="write", paused_reason="client_pause"), commands=WRITES
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FINE)
def test_what_only_looks_so_is_well(name: str) -> None:
    story = Story()
    story.play(40, with_usual())
    assert {one.status for one in story.play(40, FINE[name])} == {"healthy"}


@pytest.mark.parametrize("seconds", [2, 4])
def test_a_failover_of_seconds_is_no_incident(seconds: int) -> None:
    def held(targets: Targets, _at: float, _passed: int) -> None:
        clients = RedisClients(connected=20, blocked=12, blocking_keys=0)
        set_figures(targets, "redis", "redis", version="8.2.3", clients=clients, commands=WRITES)

    story = Story()
    story.play(40, with_usual())
    assert {one.status for one in (*story.play(seconds, held), *story.play(20, with_usual()))} == {"healthy"}


def test_who_waits_for_the_end_of_a_pause_is_its_effect() -> None:
    last = after(14, paused)
    assert last.problem is not None
    assert (last.problem.code, [one.code for one in last.effects]) == ("redis-paused", ["slow-endpoint"])
    assert last.problem.command == "redis-cli client unpause"


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("client_pause", "CLIENT PAUSE was sent, and lasts 43 s more"),
        ("failover_in_progress", "it says why: failover in progress, and lasts 43 s more"),
    ],
)
def test_valkey_says_itself_that_it_is_paused(reason: str, says: str) -> None:
    """Workers wait for a list meanwhile, as they always do."""

    def held(targets: Targets, _at: float, _passed: int) -> None:
        clients = RedisClients(
            connected=30, blocked=25, blocking_keys=1, paused="write", paused_reason=reason, paused_for_s=43.0
        )
        set_figures(targets, "redis", "redis", clients=clients, commands=BLPOP)

    story = Story()
    story.play(40, with_usual(blocked=5))
    last = story.play(10, held)[-1]
    assert last.problem is not None
    assert (last.problem.code, last.problem.cause) == ("redis-paused", says)
    assert last.problem.cost == "25 clients wait, usually 5"


def test_that_more_clients_wait_is_told_where_it_is_not_certain_why() -> None:
    def held(targets: Targets, _at: float, _passed: int) -> None:
        clients = RedisClients(connected=30, blocked=25, blocking_keys=1)
        set_figures(targets, "redis", "redis", clients=clients, commands=BLPOP)
        slow_items(targets, 900.0)

    story = Story()
    story.play(40, with_usual(blocked=5))
    last = story.play(14, held)[-1]
    assert last.problem is not None
    assert last.problem.code == "slow-endpoint"
    assert "Redis: clients that wait rose from 5 to 25" in last.problem.elsewhere


def test_large_answers_that_slow_requests_down() -> None:
    story = Story()
    story.play(40, with_usual())
    last = story.play(16, large_answers)[-1]
    assert last.problem is not None
    assert last.problem.code == "redis-output"
    assert "204.0 MB/s, usually 0.2 MB/s; a request takes" in last.problem.cost
    assert "most of its time goes into LRANGE (160/s of 900 µs)" in last.problem.cause
    assert last.problem.help == "read the list in portions"


def test_large_answers_to_as_many_more_requests_are_their_load() -> None:
    def crowd(targets: Targets, at: float, passed: int) -> None:
        large_answers(targets, at, passed)
        metrics = targets["application"].application
        assert metrics is not None
        set_figures(targets, "application", "application", per_s=900.0, endpoints=metrics.endpoints)

    story = Story()
    story.play(40, with_usual())
    assert "redis-output" not in {one.problem.code for one in story.play(20, crowd) if one.problem is not None}


def test_large_answers_that_slow_nobody_down_are_fine() -> None:
    def alone(targets: Targets, at: float, passed: int) -> None:
        before = targets["application"]
        large_answers(targets, at, passed)
        targets["application"] = replace(before)

    story = Story()
    story.play(40, with_usual())
    assert {one.status for one in story.play(20, alone)} == {"healthy"}
