"""What ails a Redis beside slow commands: too many fast ones, too many clients, replication."""

from msgspec.structs import replace

from helpers.incidents import Change, Targets, after, set_figures, set_slot
from perftui.model.redis import CommandStats, RedisClients, RedisPersistence, RedisReplica, RedisReplication
from perftui.model.sample import Failure
from perftui.model.verdict import Problem

MB = 2**20
MANY = (
    CommandStats(command="get", calls=9_000_000, calls_per_s=52_000.0, average_us=8.0),
    CommandStats(command="mset", calls=900_000, calls_per_s=6_000.0, average_us=55.0),
    CommandStats(command="ping", calls=90, calls_per_s=30.0, average_us=1.0),
)


def problem_after(seconds: int, change: Change) -> Problem:
    last = after(seconds, change)
    assert last.problem is not None, last.message
    return last.problem


def change_redis(**fields: object) -> Change:
    """The same figures all the time."""

    def change(targets: Targets, _at: float, _passed: int) -> None:
        set_figures(targets, "redis", "redis", **fields)

    return change


def saturated(targets: Targets, _at: float, passed: int) -> None:
    """Its child saves at the same time, and its other threads work: these are not the one that counts."""
    busy = 0.97 + 0.01 * (passed % 3)
    set_figures(
        targets, "redis", "redis", cpu_share=busy + 0.6, thread_share=busy, commands_per_s=58_000.0, commands=MANY,
        clients=RedisClients(connected=21, maximum=10_000),
    )  # fmt: skip


def refusing(targets: Targets, _at: float, passed: int) -> None:
    """Clients come and go, and now and then none is refused."""
    clients = RedisClients(connected=100 - passed % 2, maximum=100, rejected_per_s=0.0 if passed % 3 == 2 else 12.0)
    set_figures(targets, "redis", "redis", clients=clients)


def refuses_us(targets: Targets, at: float, passed: int) -> None:
    failure = Failure(
        kind="unreachable", message="cache:6379 has reached its maximum number of clients.", help="Find who holds them."
    )
    failed = tuple(replace(one, failure=failure, failing_since=at - passed) for one in targets["redis"].sources)
    set_slot(targets, "redis", sources=failed)


def other_keys(targets: Targets, _at: float, passed: int) -> None:
    """A release that asks for keys under another name: what is stored is of no use to it, and it stores anew."""
    found = 4.0 + passed % 3
    set_figures(
        targets, "redis", "redis", hits_per_s=found, misses_per_s=190.0 - found, hit_rate=found / 190.0,
        keys=5_000 + 20 * passed,
    )  # fmt: skip


def waiting_for_disk(targets: Targets, _at: float, passed: int) -> None:
    """Each of its writes is delayed, and counted some seconds later."""
    persistence = RedisPersistence(append_only=True, delayed_writes_per_s=1.0 if passed % 3 == 1 else 0.0)
    set_figures(targets, "redis", "redis", persistence=persistence)


def loading(targets: Targets, _at: float, passed: int) -> None:
    persistence = RedisPersistence(loading=True)
    set_figures(targets, "redis", "redis", persistence=persistence, cpu_share=0.97 + 0.01 * (passed % 2))


def written_to(targets: Targets, _at: float, passed: int) -> None:
    """A replica that a failover left behind, and clients that still write to it."""
    set_figures(targets, "redis", "redis", errors_per_s={"READONLY": 30.0 + passed % 3, "ERR": 50.0})


def replication(**fields: object) -> RedisReplication:
    known: dict[str, object] = {"role": "replica", "primary": "10.0.0.1:6379", "link_up": True, "syncing": False}
    return RedisReplication(**known | fields)  # type: ignore[arg-type]


def cut_off(targets: Targets, _at: float, passed: int) -> None:
    known = replication(link_up=False, link_down_s=float(passed))
    set_figures(targets, "redis", "redis", replication=known)


def following(*replicas: RedisReplica) -> RedisReplication:
    return RedisReplication(role="primary", replicas=replicas)


def replica(port: int = 6380, **fields: object) -> RedisReplica:
    known: dict[str, object] = {"state": "online", "lag_s": 1.0, "behind_bytes": 900}
    return RedisReplica(address=f"10.0.0.2:{port}", **known | fields)  # type: ignore[arg-type]


def silent_replica(targets: Targets, _at: float, passed: int) -> None:
    known = following(replica(), replica(6381, lag_s=12.0 + passed))
    set_figures(targets, "redis", "redis", replication=known)
