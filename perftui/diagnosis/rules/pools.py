"""The application's own pool of connections to MongoDB is full: its requests wait before they ask."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import milliseconds, name, one_of
from perftui.model.metrics import QueryPoolDocument
from perftui.model.snapshot import TargetState


def find_full_pools(moment: Moment) -> Iterator[Suspicion]:
    """The one in which most wait."""
    for state in moment.fresh("application", "application"):
        queries = state.application.queries if state.application is not None else None
        full = [pool for pool in (queries.pools if queries else ()) if _is_full(pool)]
        if full:
            yield _full(moment, state, max(full, key=lambda pool: pool.waiting))


def _is_full(pool: QueryPoolDocument) -> bool:
    return pool.waiting > 0 and pool.max_size is not None and pool.in_use >= 0.95 * pool.max_size


def _full(moment: Moment, state: TargetState, pool: QueryPoolDocument) -> Suspicion:
    since = moment.since("pool-full", state.target.id, pool.address)
    servers = [one for one in moment.fresh("mongodb", "mongodb") if moment.usual_before(one, "latency_ms", since)]
    well = bool(servers) and not any(_slower(moment, one, since) for one in servers)
    waits = f", 95 % of them up to {milliseconds(pool.wait.p95_s * 1000)}" if pool.wait.p95_s else ""
    lost = pool.failed.get("timeout", 0)
    return Suspicion(
        code="pool-full",
        target_id=state.target.id,
        subject=pool.address,
        severity="critical",
        what=f"the application's connection pool to {name(pool.address)} is full",
        cost=f"{one_of(pool.waiting, 'command waits', 'commands wait')} for a connection{waits}"
        + (f", {lost:,} gave up" if lost else ""),
        cause=f"{pool.in_use:,} of {pool.max_size:,} are in use"
        + ("; MongoDB answers as fast as usual" if well else ""),
        help="find what keeps them, or raise maxPoolSize",
        page="Endpoints",
        figures={"waiting": float(pool.waiting)},
    )


def _slower(moment: Moment, state: TargetState, since: float) -> bool:
    change = moment.change(state, "latency_ms", since)
    return change is not None and change.after > 2 * change.before + 5


RULES = (Rule(codes=("pool-full",), find=find_full_pools, holds_s=2.0, ends_s=6.0),)
