"""Redis' meters: operations, hit rate, memory, evictions, clients."""

from perftui.model.redis import RedisMemory, RedisServer
from perftui.model.snapshot import TargetState
from perftui.tui.formatting import number, rate, share, size
from perftui.tui.meters.block import Block, Meter, grade, trouble_of
from perftui.tui.view import State, View


def redis_block(state: TargetState, view: View) -> Block:
    server = state.redis or RedisServer()
    limits = view.thresholds
    evicted = server.evicted_per_s
    hits: State = "over" if server.hit_rate is not None and server.hit_rate < limits.hit_rate else "normal"
    meters = (
        Meter("op/s", rate(server.commands_per_s), metric="redis.ops_per_s"),
        Meter("hits", share(server.hit_rate), hits, "redis.hit_rate", 1.0),
        _memory(server.memory, limits.redis_memory_share),
        Meter("evicted", rate(evicted), "warning" if evicted else "normal", "redis.evicted_per_s"),
        _clients(server),
        Meter("expired", rate(server.expired_per_s), metric="redis.expired_per_s"),
        Meter("keys", number(server.keys)),
        Meter("cpu", share(server.cpu_share), grade(server.cpu_share, limits.cpu_share), "redis.cpu_share", 1.0),
        Meter("out/s", size(server.sent_bytes_per_s), metric="redis.sent_bytes_per_s"),
        Meter("in/s", size(server.received_bytes_per_s), metric="redis.received_bytes_per_s"),
    )
    name = "VALKEY" if server.flavour == "valkey" else "REDIS"
    return Block("redis", name, state.target.id, meters, trouble_of(state, view))


def _memory(memory: RedisMemory, limit: float) -> Meter:
    used, maximum = memory.used_bytes, memory.maximum_bytes
    state: State = grade(used / maximum, limit) if used is not None and maximum else "normal"
    top = float(maximum) if maximum else None
    return Meter("memory", size(used), state, "redis.used_bytes", top)


def _clients(server: RedisServer) -> Meter:
    clients = server.clients
    if clients.blocked:
        return Meter("clients", f"{number(clients.connected)} ({clients.blocked} bl)", "warning", "redis.clients")
    return Meter("clients", number(clients.connected), "normal", "redis.clients")
