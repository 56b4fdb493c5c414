"""What ails a Redis as a cache, told in figures."""

from helpers.application_incidents import slow_items
from helpers.incidents import (
    MB,
    Targets,
    set_figures,
    set_slot,
)
from perftui.model.mongodb import (
    OperationLatency,
)
from perftui.model.redis import (
    CommandStats,
    RedisClients,
    RedisMemory,
    RedisPersistence,
    RedisSlowCommand,
    RedisSlowLog,
)
from perftui.model.snapshot import SourceState

REDIS_ID = "redis://cache:6379"


def redis_storm(targets: Targets, _at: float, _passed: int) -> None:
    set_figures(targets, "redis", "redis", clients=RedisClients(connected=9_000, maximum=10_000))


def flushed(targets: Targets, at: float, passed: int) -> None:
    rate = min(0.05 + passed * 0.01, 0.9)
    set_figures(
        targets, "redis", "redis", keys=100 + 20 * passed, hit_rate=rate,
        commands=(CommandStats(command="flushall", calls=2),),
    )  # fmt: skip
    entry = RedisSlowCommand(id=1, at=at - passed, duration_us=12_000, command="FLUSHALL", client_name="deploy")
    set_slot(targets, "redis", redis_slow_log=RedisSlowLog(entries=(entry,)))
    reads = OperationLatency(per_s=900.0, average_ms=3.0)
    set_figures(targets, "mongodb", "mongodb", reads=reads)
    slow_items(targets, 300.0)


def evicting(targets: Targets, _at: float, passed: int) -> None:
    memory = RedisMemory(used_bytes=64 * MB, maximum_bytes=64 * MB, policy="allkeys-lru")
    set_figures(
        targets, "redis", "redis", evicted_per_s=500.0, hit_rate=max(0.93 - 0.1 * passed, 0.3), memory=memory
    )  # fmt: skip


def full(targets: Targets, _at: float, _passed: int) -> None:
    memory = RedisMemory(used_bytes=64 * MB, maximum_bytes=64 * MB, policy="noeviction")
    refused = (CommandStats(command="set", calls=5, rejected_per_s=40.0),)
    set_figures(targets, "redis", "redis", memory=memory, commands=refused)


def blocking(targets: Targets, at: float, _passed: int) -> None:
    entries = tuple(
        RedisSlowCommand(
            id=number, at=at - number, duration_us=450_000, command="KEYS *", client_name="cron", client="10.0.0.3:5"
        )
        for number in range(3)
    )
    set_slot(targets, "redis", redis_slow_log=RedisSlowLog(entries=entries))
    slow_items(targets)


def unanswered(targets: Targets, at: float, passed: int) -> None:
    source = SourceState(source="redis.server", interval_s=1.0, read_at=at - passed, waiting=True, slot="redis")
    set_slot(targets, "redis", sources=(source,))


def unsaved(targets: Targets, _at: float, _passed: int) -> None:
    set_figures(targets, "redis", "redis", persistence=RedisPersistence(last_save_ok=False))
