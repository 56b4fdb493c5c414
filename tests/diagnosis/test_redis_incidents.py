"""Of Redis: what its verdicts say beyond their names, and what a busy one that is well does not meet."""

import pytest
from helpers.incidents import Change, Story, Targets, after, endpoint, set_figures, set_slot
from helpers.redis_incidents import (
    MANY,
    MB,
    change_redis,
    following,
    other_keys,
    problem_after,
    refuses_us,
    replica,
    replication,
    saturated,
)
from msgspec.structs import replace

from perftui.model.host import Process
from perftui.model.redis import (
    CommandStats,
    Keyspace,
    RedisClients,
    RedisMemory,
    RedisPersistence,
    RedisSlowCommand,
    RedisSlowLog,
)
from perftui.model.sample import Failure


def busy(per_s: float, *commands: CommandStats, share: float = 0.97) -> Change:
    """`share` is of the thread; an older server tells only that of the whole process."""

    def change(targets: Targets, _at: float, passed: int) -> None:
        figures = {"cpu_share": share + 0.01 * (passed % 2), "commands_per_s": per_s, "commands": commands}
        set_figures(targets, "redis", "redis", **figures)

    return change


def test_the_commands_that_take_most_are_named() -> None:
    found = problem_after(12, saturated)
    assert found.cause == "GET takes 42 % of it (52,000/s of 8 µs), MSET takes 33 % of it (6,000/s of 55 µs)"
    assert found.severity == "critical"
    assert found.evidence.row == "get"


def test_what_takes_long_is_asked_to_be_something_else() -> None:
    found = problem_after(12, busy(600.0, CommandStats(command="keys", calls=1, calls_per_s=45.0, average_us=20_000.0)))
    assert found.cause == "KEYS takes 90 % of it (45/s of 20 ms)"
    assert found.help == "use SCAN instead of KEYS"
    assert "as many as usual" in found.cost


def test_who_gets_little_of_a_busy_cpu_is_saturated_by_the_clock() -> None:
    """Its thread waits for the CPU within its commands: all clients wait with it. What a script calls counts once."""
    script = CommandStats(command="eval", calls=1, calls_per_s=110.0, average_us=7_900.0)
    called = CommandStats(command="lrange", calls=1, calls_per_s=220.0, average_us=1_800.0)
    found = problem_after(12, busy(330.0, script, called, share=0.25))
    assert found.code == "redis-busy"
    assert found.cost.startswith("its one thread is busy 87 % of the time")
    assert found.evidence.row == "eval"


@pytest.mark.parametrize(("per_s", "code"), [(500.0, "cpu-beside"), (58_000.0, "redis-busy")])
def test_a_machine_that_starves_it_is_the_cause_unless_far_more_is_asked_of_it(per_s: float, code: str) -> None:
    script = CommandStats(command="eval", calls=1, calls_per_s=per_s, average_us=0.95e6 / per_s)

    def change(targets: Targets, at: float, passed: int) -> None:
        busy(per_s, script, share=0.4)(targets, at, passed)
        beside = Process(pid=99, name="stress", command="stress", role="other", cpu_share=1.6)
        server = Process(pid=11, name="redis-server", command="redis-server", role="redis", cpu_share=0.3)
        set_figures(targets, "host", "host", cpu_share=0.99, processes=(beside, server), uptime_s=at)

    last = after(14, change)
    assert last.problem is not None
    assert last.problem.code == code


def test_many_tiny_ones_cost_more_in_coming_and_going() -> None:
    tiny = CommandStats(command="incr", calls=1, calls_per_s=90_000.0, average_us=1.2)
    found = problem_after(12, busy(90_000.0, tiny))
    assert "all commands together take 11 %, receiving and answering them the rest" in found.cause
    assert "pipelines" in found.help


def test_a_server_that_hides_its_commands_is_saturated_all_the_same() -> None:
    assert problem_after(12, busy(90_000.0)).cause == ""


def test_a_policy_that_finds_nothing_to_evict_is_full_too() -> None:
    """No key expires, so that none may go."""
    memory = RedisMemory(used_bytes=64 * MB, maximum_bytes=64 * MB, policy="volatile-lru")
    refused = (CommandStats(command="set", calls=5, rejected_per_s=40.0),)
    keys = (Keyspace(database="db0", keys=5000, expires=0),)
    found = problem_after(10, change_redis(memory=memory, commands=refused, keyspace=keys))
    assert (found.code, found.cost) == ("redis-full", "40/s commands refused")


def test_who_is_refused_while_it_loads_knows_why() -> None:
    def change(targets: Targets, at: float, passed: int) -> None:
        said = "cache:6379 is loading its data from disk."
        failure = Failure(kind="unreachable", message=said, help="It answers when it is done; it is tried again.")
        before = targets["redis"].sources
        failed = tuple(replace(one, failure=failure, failing_since=at - passed) for one in before)
        set_slot(targets, "redis", sources=failed)

    last = after(10, change)
    assert last.problem is not None
    assert (last.problem.code, [one.code for one in last.effects]) == ("redis-loading", ["unreachable"])


def test_a_flush_is_no_mystery_of_other_keys() -> None:
    def change(targets: Targets, at: float, passed: int) -> None:
        other_keys(targets, at, passed)
        flushed = (CommandStats(command="flushall", calls=2),)
        set_figures(targets, "redis", "redis", keys=20 * passed, commands=flushed)

    story = Story()
    story.play(40)
    codes = {one.problem.code for one in story.play(60, change) if one.problem is not None}
    assert codes == {"cache-flushed"}


def test_what_it_refuses_all_day_is_no_incident_until_it_is_far_more() -> None:
    story = Story()

    def refusing(per_s: float) -> Change:
        return lambda targets, _at, passed: set_figures(
            targets, "redis", "redis", errors_per_s={"NOAUTH": per_s + passed % 2}
        )

    story.play(40, refusing(4.0))
    assert {one.status for one in story.play(30, refusing(8.0))} == {"healthy"}
    last = story.play(12, refusing(40.0))[-1]
    assert last.problem is not None
    assert (last.problem.code, last.problem.cause) == ("redis-refuses", "clients do not log in")


def test_a_full_one_refuses_for_that() -> None:
    memory = RedisMemory(used_bytes=64 * MB, maximum_bytes=64 * MB, policy="noeviction")
    refused = (CommandStats(command="set", calls=5, rejected_per_s=40.0),)
    last = after(12, change_redis(memory=memory, commands=refused, errors_per_s={"OOM": 40.0}))
    assert last.problem is not None
    assert (last.problem.code, [one.code for one in last.effects]) == ("redis-full", ["redis-refuses"])


def test_who_waits_for_a_saturated_redis_is_its_effect() -> None:
    def change(targets: Targets, at: float, passed: int) -> None:
        saturated(targets, at, passed)
        slow = (endpoint(average_ms=600.0), endpoint("/users"))
        set_figures(targets, "application", "application", endpoints=slow)

    last = after(14, change)
    assert last.problem is not None
    assert (last.problem.code, last.problem.severity) == ("redis-busy", "critical")
    assert [one.code for one in last.effects] == ["slow-endpoint"]


def test_a_server_that_answers_slowly_is_asked_rarely_and_saturated_all_the_same() -> None:
    """A reading in four seconds, each of them the mean since the one before."""

    def rarely(targets: Targets, at: float, passed: int) -> None:
        saturated(targets, at, passed - passed % 4)

    found = problem_after(16, rarely)
    assert found.code == "redis-busy"


def test_one_such_reading_is_a_burst() -> None:
    def once(targets: Targets, at: float, passed: int) -> None:
        if passed < 4:
            saturated(targets, at, 0)

    story = Story()
    story.play(40)
    assert {one.status for one in story.play(20, once)} == {"healthy"}


def test_a_command_that_blocks_is_the_cause_of_the_rest() -> None:
    def change(targets: Targets, at: float, passed: int) -> None:
        saturated(targets, at, passed)
        entry = RedisSlowCommand(id=passed, at=at, duration_us=600_000, command="KEYS *")
        set_slot(targets, "redis", redis_slow_log=RedisSlowLog(entries=(entry,)))

    last = after(14, change)
    assert last.problem is not None
    assert (last.problem.code, [one.code for one in last.effects]) == ("redis-blocked", ["redis-busy"])


def test_who_is_refused_itself_knows_why() -> None:
    last = after(8, refuses_us)
    assert last.problem is not None
    assert (last.problem.code, [one.code for one in last.effects]) == ("connection-storm", ["unreachable"])


WELL: dict[str, Change] = {
    "busy, with time left": busy(58_000.0, *MANY, share=0.82),
    "scripts whose commands count twice": busy(
        900.0,
        CommandStats(command="eval", calls=1, calls_per_s=100.0, average_us=5_000.0),
        CommandStats(command="hget", calls=1, calls_per_s=800.0, average_us=600.0),
        share=0.55,
    ),
    "a module that works in threads of its own": busy(
        900.0, CommandStats(command="ft.search", calls=1, calls_per_s=900.0, average_us=9_000.0), share=0.3
    ),
    "threads beside the one that counts": change_redis(cpu_share=2.5, thread_share=0.6),
    "more lookups of keys that it never had": change_redis(hits_per_s=170.0, misses_per_s=900.0, hit_rate=0.16),
    "errors of single commands": change_redis(errors_per_s={"ERR": 400.0, "WRONGTYPE": 90.0, "NOSCRIPT": 30.0}),
    "a monitor without rights": change_redis(errors_per_s={"NOPERM": 3.0}),
    "one write that waited": lambda targets, _at, passed: set_figures(
        targets,
        "redis",
        "redis",
        persistence=RedisPersistence(append_only=True, delayed_writes_per_s=float(passed == 5)),
    ),
    "a quiet hour": change_redis(hits_per_s=40.0, misses_per_s=10.0, hit_rate=0.8),
    "a volatile policy with keys that expire": change_redis(
        memory=RedisMemory(used_bytes=64 * MB, maximum_bytes=64 * MB, policy="volatile-lru"),
        commands=(CommandStats(command="set", calls=5, rejected_per_s=40.0),),
        keyspace=(Keyspace(database="db0", keys=5000, expires=4000),),
    ),
    "clients that wait for a list": change_redis(clients=RedisClients(connected=120, blocked=100, maximum=10_000)),
    "a primary with replicas": change_redis(replication=following(replica(), replica(6381, lag_s=2.0))),
    "a replica that is new": change_redis(
        replication=following(replica(), replica(6381, state="send_bulk", lag_s=90.0, behind_bytes=900 * MB))
    ),
    "a primary that writes much": change_redis(
        replication=following(replica(behind_bytes=60 * MB)), received_bytes_per_s=90.0 * MB
    ),
    "a replica of a primary that is idle": change_redis(replication=replication(primary_last_io_s=10.0)),
    "a replica that begins": change_redis(replication=replication(link_up=False, syncing=True, link_down_s=8.0)),
}


@pytest.mark.parametrize("name", WELL)
def test_a_redis_that_works_is_well(name: str) -> None:
    story = Story()
    story.play(40)
    assert {one.status for one in story.play(40, WELL[name])} == {"healthy"}


@pytest.mark.parametrize("seconds", [2, 5])
def test_a_burst_is_nothing(seconds: int) -> None:
    story = Story()
    for _ in range(6):
        story.play(15)
        story.play(seconds, saturated)
    assert {one.status for one in story.verdicts} == {"looking", "healthy"}
