"""A Redis whose clients do not fetch their answers, wait for the end of a pause, or fetch far too much."""

from helpers.application_incidents import slow_items
from helpers.incidents import Targets, set_figures
from helpers.redis_incidents import MB
from perftui.model.redis import CommandStats, RedisClients, RedisMemory

WRITES = (CommandStats(command="get", calls=90), CommandStats(command="set", calls=30))


def unfetched(targets: Targets, _at: float, passed: int) -> None:
    """MONITOR, and nobody reads it: all keys are evicted in a moment, then writes are refused."""
    buffers = min(8 + 8 * passed, 58) * MB
    is_full = passed > 5
    memory = RedisMemory(
        used_bytes=60 * MB if is_full else buffers + 4 * MB, maximum_bytes=60 * MB, policy="allkeys-lru",
        clients_bytes=buffers,
    )  # fmt: skip
    lost = {"keys": 0, "hit_rate": 0.0, "errors_per_s": {"OOM": 35.0}} if is_full else {}
    evicted = 5_000.0 if passed == 6 else 0.0
    clients = RedisClients(connected=21, maximum=10_000, largest_output_bytes=buffers - MB)
    set_figures(
        targets, "redis", "redis", memory=memory, clients=clients, evicted_per_s=evicted, expired_per_s=0.0, **lost
    )  # fmt: skip


def paused(targets: Targets, _at: float, passed: int) -> None:
    """CLIENT PAUSE ... WRITE: reads go on."""
    clients = RedisClients(connected=30, maximum=10_000, blocked=min(5 + passed, 20), blocking_keys=0)
    set_figures(targets, "redis", "redis", version="8.2.3", clients=clients, commands=WRITES)
    slow_items(targets, 900.0)


def large_answers(targets: Targets, _at: float, _passed: int) -> None:
    lists = CommandStats(command="lrange", calls=900, calls_per_s=160.0, average_us=900.0)
    figures = {"sent_bytes_per_s": 204.0 * MB, "commands_per_s": 650.0, "commands": (lists,)}
    set_figures(targets, "redis", "redis", **figures)
    slow_items(targets, 180.0)
