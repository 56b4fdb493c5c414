"""What may follow from what, by the problems' codes, times, places and figures."""

from perftui.diagnosis.places import Places
from perftui.model.verdict import Problem

FELT = ("slow-endpoint", "slow-application", "failing-requests", "refused-requests", "no-requests")
"""What the application's callers notice."""
_WAITING = ("pool-full", "piled-up-operations", "long-operation", "tickets-exhausted", "connection-storm")
_HELD_UP = (*FELT, *_WAITING, "runaway-aggregation")
_SLOWS_ALL = ("mass-write", "index-build")
"""What is blamed for latency only for having begun just then."""
_HEAVY_WRITES = ("cpu-saturated", "disk-saturated", "cache-squeeze", "replication-lag", "write-conflicts")
_LOAD = (*FELT, *_WAITING, "cpu-saturated", "disk-saturated", "cache-squeeze", "replication-lag", "memory-short")
_STARVED = ("redis-busy", "unreachable")
_STARVING = (*FELT, *_WAITING, "cpu-saturated", "redis-busy", *_SLOWS_ALL)
_AT_A_DISK = (*FELT, *_WAITING, "redis-disk-slow")
_OF_REDIS = ("redis-busy", "redis-replica-down", "redis-replica-lag", "redis-refuses")
"""What only another Redis explains, or a machine."""
_EMPTIED = ("cache-misses", "application-cache-misses")
_LOST = (*_EMPTIED, "cache-flushed", "cache-evicting")
_GONE = (
    "restarted", "unreachable", "cache-flushed", "redis-loading", "redis-blocked", "member-down", "no-primary",
    "stepped-down",
)  # fmt: skip
"""What is seen of a server that comes and goes."""
EXPLAINS: dict[str, tuple[str, ...]] = {
    "missing-index": (*_LOAD, "runaway-aggregation", "full-scan", "failing-queries"),
    "index-dropped": (*_LOAD, "missing-index", "runaway-aggregation", "full-scan", "failing-queries"),
    "failing-queries": FELT,
    "collection-gone": (*FELT, "index-dropped", "missing-index", "full-scan", "failing-queries", *_EMPTIED),
    "full-scan": (*_LOAD, "failing-queries"),
    "idle-transaction": (*_HELD_UP, "cache-squeeze", "lock-held", "write-conflicts"),
    "lock-held": (*_HELD_UP, "replication-lag", "write-conflicts"),
    "write-conflicts": (*_HELD_UP, "cpu-saturated"),
    "mass-write": (*_HELD_UP, *_HEAVY_WRITES, "write-concern"),
    "index-build": (*_HELD_UP, *_HEAVY_WRITES, "write-concern"),
    "write-concern": (*_HELD_UP, "member-down", "replication-lag", "unreachable"),
    "connection-storm": (*FELT, "cpu-saturated", "memory-short", "open-files", "pool-full", *_STARVED),
    "piled-up-operations": (*_LOAD, "missing-index", "full-scan", "runaway-aggregation"),
    "runaway-aggregation": (*_LOAD, "missing-index", "full-scan", "disk-beside"),
    "long-operation": (*FELT, "cpu-saturated", "disk-saturated", "pool-full", "cache-squeeze"),
    "cache-flushed": (*_LOAD, "missing-index", "full-scan", "redis-busy", *_EMPTIED),
    "cache-evicting": (*_LOAD, "missing-index", "full-scan", *_EMPTIED),
    "cache-misses": (*_LOAD, "missing-index", "full-scan"),
    "application-cache-misses": (*_LOAD, "missing-index", "full-scan", "cache-misses"),
    "redis-full": (*_LOAD, "redis-refuses", *_EMPTIED),
    "redis-buffers": (*_LOAD, *_LOST, "redis-full", "redis-refuses", "missing-index", "full-scan"),
    "redis-paused": (*_LOAD, *_EMPTIED),
    "redis-output": (*FELT, "pool-full"),
    "redis-refuses": (*_LOAD, *_EMPTIED),
    "redis-replica-down": ("redis-refuses", *FELT),
    "redis-loading": (*_LOAD, "unreachable", "cache-flushed", *_EMPTIED, *_OF_REDIS),
    "redis-blocked": (*_LOAD, *_EMPTIED, "unreachable", "cache-evicting", "redis-output", *_OF_REDIS),
    "redis-busy": (*FELT, "redis-output", "cpu-saturated", "redis-replica-down", "redis-replica-lag", "unreachable"),
    "redis-save-failed": (*FELT, "redis-refuses"),
    "redis-disk-slow": (*FELT, "redis-blocked", "redis-replica-lag"),
    "cpu-beside": (*_STARVING, "redis-blocked", "runaway-aggregation"),
    "cpu-stolen": (*_STARVING, "cpu-beside"),
    "cpu-saturated": (*FELT, "pool-full", "long-operation", "tickets-exhausted"),
    "disk-beside": (*_AT_A_DISK, "cache-squeeze", "replication-lag", "disk-saturated", *_SLOWS_ALL),
    "disk-saturated": _AT_A_DISK,
    "disk-full": (*FELT, "unreachable", "restarts-again", "redis-save-failed", "restarted", "no-primary"),
    "memory-short": (*FELT, "unreachable", "restarts-again", "restarted", "disk-saturated", "redis-save-failed"),
    "open-files": (*FELT, "unreachable"),
    "tickets-exhausted": (*FELT, "pool-full", "piled-up-operations", "long-operation", "full-scan", "cpu-saturated"),
    "cache-squeeze": (*FELT, *_WAITING, "disk-saturated", "replication-lag", "runaway-aggregation", "mass-write"),
    "pool-full": FELT,
    "slow-endpoint": ("failing-requests", "no-requests"),
    "slow-application": ("slow-endpoint", "failing-requests", "no-requests"),
    "failing-requests": ("refused-requests",),
    "no-primary": (*_LOAD, "member-down", "unreachable", "stepped-down", "restarted", "index-build-hung"),
    "stepped-down": (*_LOAD, "member-down", "unreachable", "restarted", "cache-flushed"),
    "index-build-hung": ("member-down", "unreachable", "replication-lag"),
    "member-down": ("replication-lag", "unreachable"),
    "unreachable": (*_LOAD, *_EMPTIED, "member-down", "cache-evicting", "redis-replica-down", "redis-replica-lag"),
    "restarted": (
        *_LOAD,
        *_EMPTIED,
        "cache-flushed",
        "unreachable",
        "connection-storm",
        "redis-replica-down",
        "redis-loading",
    ),
    "restarts-again": (*_LOAD, *_EMPTIED, *_GONE, "redis-replica-down", "redis-replica-lag"),
}
"""Each cause with what may follow from it."""

ACUTE_S = 900.0
"""What began within this time is new."""
_BEFORE_S = 15.0
"""How much later than its effect a cause may be noticed: sources are read at different times."""
_AT_THE_START_S = 60.0
"""What perftui found when it came, and what it saw so soon after, may belong together."""
_LARGER_THAN_ANY_POOL = 150.0
_MOSTLY = 0.5
_REFUSES = {"redis-loading", "redis-blocked", "redis-busy", "connection-storm", "restarts-again"}
"""What makes its own target unreachable, and no other."""
_WITHIN_A_SERVER = {
    "missing-index", "index-dropped", "full-scan", "piled-up-operations", "runaway-aggregation", "long-operation",
    "tickets-exhausted", "cache-squeeze", "idle-transaction", "lock-held", "write-conflicts",
}  # fmt: skip
"""What other servers of its kind feel nothing of."""


def explains(cause: Problem, effect: Problem, places: Places) -> bool:
    """Whether one may follow from the other, by what they are, by when they began and by where they are."""
    if effect.code not in EXPLAINS.get(cause.code, ()) or not places.touch(cause.target_id, effect.target_id):
        return False
    if cause.since_known and effect.since < cause.since - _BEFORE_S:
        return False
    if _is_chronic(cause, effect) or _is_of_another_server(cause, effect, places):
        return False
    if (turned := _either_way(cause, effect)) is not None:
        return turned
    if effect.code == "redis-busy" and cause.code in ("cpu-beside", "cpu-stolen"):
        return not effect.figures.get("rose")
    if effect.code in (*_OF_REDIS, "redis-loading") and not places.are_alike(cause.target_id, effect.target_id):
        return False
    if cause.code == "unreachable" and effect.code == "connection-storm" and effect.target_id == cause.target_id:
        return False
    if effect.code == "unreachable" and cause.code in _REFUSES:
        return effect.target_id == cause.target_id
    return True


def _is_chronic(cause: Problem, effect: Problem) -> bool:
    """A warning that stood for long before it is no reason for what begins now."""
    if cause.severity == "critical":
        return False
    if cause.code == "disk-full" and effect.code in FELT:
        return True
    return effect.since - cause.since > (ACUTE_S if cause.since_known else _AT_THE_START_S)


def _is_of_another_server(cause: Problem, effect: Problem, places: Places) -> bool:
    both = {cause.code, effect.code} <= _WITHIN_A_SERVER
    return both and cause.target_id != effect.target_id and places.are_alike(cause.target_id, effect.target_id)


def _either_way(cause: Problem, effect: Problem) -> bool | None:
    """Of two of which each may be the cause, by their figures; `None` of all others."""
    of = {cause.code: cause, effect.code: effect}
    if (pile := of.get("piled-up-operations")) and of.keys() & {"missing-index", "full-scan", "index-dropped"}:
        return (cause is pile) == _is_its_own_cause(pile)
    if (squeeze := of.get("cache-squeeze")) and "mass-write" in of:
        return (cause is squeeze) == bool(squeeze.figures.get("small"))
    if (tickets := of.get("tickets-exhausted")) and "full-scan" in of:
        # What reads much by nature did so before there were so few; it takes as long as it waits for one.
        return (cause is tickets) == bool(tickets.figures.get("few"))
    if (cpu := of.get("cpu-saturated")) and "tickets-exhausted" in of:
        # What holds the tickets is what MongoDB computes; where others take the CPU, operations hold them for longer.
        return (cause is cpu) == (cpu.figures.get("of_mongodb", 0.0) < _MOSTLY)
    return None


def _is_its_own_cause(pile: Problem) -> bool:
    """Scans pile up for want of an index; but more than any pool of an application sends are somebody's doing."""
    operations, scans = pile.figures.get("operations", 0.0), pile.figures.get("scans", 0.0)
    return operations > _LARGER_THAN_ANY_POOL or scans * 2 < operations
