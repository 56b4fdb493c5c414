"""The rules, one file a mechanism. Each is pure: it reads a Moment and says what it suspects."""

from perftui.diagnosis.rule import Rule
from perftui.diagnosis.rules import (
    builds,
    cache,
    conflicts,
    connections,
    disks,
    endpoints,
    locks,
    machine,
    mass_writes,
    operations,
    pools,
    reach,
    redis_blocking,
    redis_busy,
    redis_refusals,
    redis_replication,
    replication,
    scans,
    storage,
    transactions,
    write_concern,
)

RULES: tuple[Rule, ...] = (
    *scans.RULES,
    *transactions.RULES,
    *locks.RULES,
    *conflicts.RULES,
    *connections.RULES,
    *operations.RULES,
    *mass_writes.RULES,
    *builds.RULES,
    *cache.RULES,
    *redis_blocking.RULES,
    *redis_busy.RULES,
    *redis_refusals.RULES,
    *redis_replication.RULES,
    *endpoints.RULES,
    *pools.RULES,
    *machine.RULES,
    *disks.RULES,
    *storage.RULES,
    *replication.RULES,
    *write_concern.RULES,
    *reach.RULES,
)
CODES: tuple[str, ...] = tuple(dict.fromkeys(code for rule in RULES for code in rule.codes))
"""Every code that a verdict may have; docs/verdicts.md explains each."""
