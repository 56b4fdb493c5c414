"""Which figures have a threshold, how each is read, and its event in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from perftui.model.settings import Thresholds
from perftui.model.snapshot import TargetState
from perftui.model.target import TargetKind
from perftui.monitor.figures import (
    Figure,
    averages,
    cache_efficiencies,
    cache_hit_rates,
    error_rates,
    examined_documents,
    filesystems,
    host_cpu,
    host_memory,
    mongodb_connections,
    mongodb_dirty,
    mongodb_lag,
    mongodb_queued,
    mongodb_tickets,
    p95s,
    redis_clients,
    redis_hit_rate,
    redis_memory,
    returned_per_examined,
    single,
    slow_shapes,
)

READINGS = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One threshold. `warning` may lie below `over`; figures are read only where the target has them."""

    name: str
    kind: TargetKind
    slot: str
    figures: Callable[[TargetState], Iterator[Figure]]
    over: Callable[[Thresholds], float]
    write: Callable[[float], str]
    warning: Callable[[Thresholds], float] | None = None
    below: bool = False
    """True: bad is below the threshold, as with a hit rate."""
    severity: Literal["warning", "critical"] = "critical"
    """Of being over."""
    readings: int = READINGS
    """How many readings in a row beyond the threshold cross it, or back inside recover it."""
    many: bool = False
    """There may be dozens of such figures: what crosses at about the same time is told in one sentence."""


def percent(value: float) -> str:
    return f"{value * 100:.3g} %"


def milliseconds(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


def seconds(value: float) -> str:
    return f"{value:,.1f} s"


def count(value: float) -> str:
    return f"{value:,.0f}"


def score(value: float) -> str:
    return f"{value:.0f} of 100"


RULES = (
    Rule(
        "slow_ms",
        "mongodb",
        "queries",
        slow_shapes,
        lambda t: t.slow_ms,
        milliseconds,
        lambda t: t.slow_warning_ms,
        many=True,
    ),
    Rule(
        "examined_documents",
        "mongodb",
        "queries",
        examined_documents,
        lambda t: float(t.examined_documents),
        count,
        severity="warning",
        many=True,
    ),
    Rule(
        "returned_per_examined",
        "mongodb",
        "queries",
        returned_per_examined,
        lambda t: t.returned_per_examined,
        percent,
        below=True,
        severity="warning",
        many=True,
    ),
    Rule(
        "queued_operations",
        "mongodb",
        "mongodb",
        single("queued_operations", "queued operations", mongodb_queued),
        lambda t: float(t.queued_operations),
        count,
    ),
    Rule(
        "connections_share",
        "mongodb",
        "mongodb",
        single("connections_share", "connections in use", mongodb_connections),
        lambda t: t.connections_share,
        percent,
    ),
    Rule(
        "tickets_share",
        "mongodb",
        "mongodb",
        single("tickets_share", "storage engine tickets in use", mongodb_tickets),
        lambda t: t.tickets_share,
        percent,
    ),
    Rule(
        "cache_dirty_share",
        "mongodb",
        "mongodb",
        single("cache_dirty_share", "dirty share of the storage cache", mongodb_dirty),
        lambda t: t.cache_dirty_share,
        percent,
    ),
    Rule(
        "replication_lag_s",
        "mongodb",
        "mongodb",
        single("replication_lag_s", "replication lag", mongodb_lag),
        lambda t: t.replication_lag_s,
        seconds,
    ),
    Rule(
        "redis_memory_share",
        "redis",
        "redis",
        single("redis_memory_share", "memory of its limit", redis_memory),
        lambda t: t.redis_memory_share,
        percent,
    ),
    Rule(
        "connections_share",
        "redis",
        "redis",
        single("connections_share", "clients of the limit", redis_clients),
        lambda t: t.connections_share,
        percent,
    ),
    Rule(
        "hit_rate",
        "redis",
        "redis",
        single("hit_rate", "hit rate", redis_hit_rate),
        lambda t: t.hit_rate,
        percent,
        below=True,
        readings=10,  # it is of one interval's lookups, which may be few
    ),
    Rule("error_rate", "application", "application", error_rates, lambda t: t.error_rate, percent, many=True),
    Rule(
        "endpoint_average_ms",
        "application",
        "application",
        averages,
        lambda t: t.endpoint_average_ms,
        milliseconds,
        many=True,
    ),
    Rule("endpoint_p95_ms", "application", "application", p95s, lambda t: t.endpoint_p95_ms, milliseconds, many=True),
    Rule("hit_rate", "application", "application", cache_hit_rates, lambda t: t.hit_rate, percent, below=True),
    Rule(
        "cache_efficiency",
        "application",
        "application",
        cache_efficiencies,
        lambda t: t.cache_efficiency,
        score,
        below=True,
    ),
    Rule("cpu_share", "host", "host", single("cpu_share", "CPU", host_cpu), lambda t: t.cpu_share, percent),
    Rule(
        "memory_share", "host", "host", single("memory_share", "memory", host_memory), lambda t: t.memory_share, percent
    ),
    Rule("disk_share", "host", "host", filesystems, lambda t: t.disk_share, percent),
)
