"""Figures of a Redis that rules follow, and which it does not tell by themselves."""

from perftui.model.redis import CommandStats, RedisServer

_CALLS_OTHERS = {"eval", "evalsha", "eval_ro", "evalsha_ro", "fcall", "fcall_ro", "exec"}
REFUSALS = (
    "READONLY", "OOM", "MISCONF", "NOREPLICAS", "MASTERDOWN", "CLUSTERDOWN", "LOADING", "BUSY", "NOAUTH", "WRONGPASS",
    "NOPERM",
)  # fmt: skip
"""Codes of Redis' errors that say nothing about the command, but about the server or who may use it."""
_WAIT = {"wait", "waitaof", "vadd", "vsim"}
"""Commands whose clients wait for replicas or for a thread."""
_WAIT_FOR_KEYS = {
    "blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "xread", "xreadgroup",
}  # fmt: skip
_PAUSED = ("write", "all")


def flushes(server: RedisServer) -> float | None:
    """How often all keys, or all of one database, were deleted since the server began."""
    if not server.commands:
        return None
    return float(sum(one.calls for one in server.commands if one.command in ("flushall", "flushdb")))


def lookups(server: RedisServer) -> float | None:
    """Reads of keys a second."""
    if server.hits_per_s is None or server.misses_per_s is None:
        return None
    return server.hits_per_s + server.misses_per_s


def command_share(command: CommandStats) -> float:
    """Of the thread's time, by the clock: that of its calls, one after the other."""
    return (command.calls_per_s or 0.0) * (command.average_us or 0.0) / 1e6


def in_commands(server: RedisServer) -> float | None:
    """At least so much of the time its one thread works on commands, even where it waits for the CPU meanwhile.

    What a script or a transaction calls is counted with it and by itself. Modules' commands may run in threads.
    """
    own = [one for one in server.commands if "." not in one.command and one.calls_per_s is not None]
    if not own:
        return None
    outer = sum(command_share(one) for one in own if one.command in _CALLS_OTHERS)
    return max(outer, sum(command_share(one) for one in own if one.command not in _CALLS_OTHERS))


def refusals(server: RedisServer) -> float | None:
    """Commands a second that were refused whatever they asked; 0 while none was, `None` where nothing is counted."""
    if server.commands_per_s is None:
        return None
    return sum(server.errors_per_s.get(one, 0.0) for one in REFUSALS)


def keeps_all(server: RedisServer) -> bool:
    """Whether no key may go where memory ends: none is to be evicted, or only those that expire, and none does."""
    policy = server.memory.policy or ""
    expiring = sum(one.expires for one in server.keyspace)
    return policy == "noeviction" or (policy.startswith("volatile-") and not server.evicted_per_s and not expiring)


def refused_writes(server: RedisServer) -> float:
    """Commands a second that were refused for want of memory; before 6.2 Redis counts only that commands failed."""
    numbers = [int(one[:9]) for one in (server.version or "").split(".")[:2] if one.isdecimal()]
    if server.errors_per_s or numbers >= [6, 2]:
        return server.errors_per_s.get("OOM", 0.0)
    return sum((one.failed_per_s or 0.0) + (one.rejected_per_s or 0.0) for one in server.commands)


def following(server: RedisServer) -> float | None:
    """Those that follow."""
    if server.replication.role != "primary":
        return None
    return float(sum(1 for one in server.replication.replicas if one.state == "online"))


def link(server: RedisServer) -> float | None:
    """A replica's: 1 while it is up, 0 while it is down."""
    return None if server.replication.link_up is None else float(server.replication.link_up)


def held_back(server: RedisServer) -> float | None:
    """Clients that wait for the end of a pause, as far as that is certain: none of them may wait for anything else.

    Modules' commands may wait for threads. Valkey tells the pause itself.
    """
    clients = server.clients
    if clients.blocked is None or clients.paused is not None:
        return None if clients.blocked is None else float(clients.blocked * (clients.paused in _PAUSED))
    sent = {one.command for one in server.commands if one.calls}
    waits = _WAIT if clients.blocking_keys == 0 else _WAIT | _WAIT_FOR_KEYS
    if not sent or sent & waits or any("." in one for one in sent) or not _tells_waiting(server):
        return 0.0
    return float(clients.blocked)


def _tells_waiting(server: RedisServer) -> bool:
    """Redis 7.0 counts a command that waits only when it is done; before 6.2, no pause lets INFO through."""
    keys = server.clients.blocking_keys
    return keys == 0 or (keys is None and (server.version or "").startswith("6.2."))
