"""MongoDB's storage engine: no ticket is free, or its cache cannot keep up."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.signals import queued, share
from perftui.diagnosis.subjects import operations_of
from perftui.diagnosis.words import count, one_of, per_second, percent
from perftui.model.mongodb import MongoServer
from perftui.model.snapshot import TargetState

_LOOKS_BACK_S = 5.0
_ALL = 0.95
_WANTED, _MOSTLY = 1.2, 0.7
"""Of a kind's tickets: wanted all the time, and in use most of it."""
_FEW = 64
_EVICTED_PER_S = 20.0
_FULL_CACHE, _VERY_DIRTY = 0.9, 0.2
_DEFAULT_BYTES = 256 * 2**20
"""The least that a server takes by itself."""
_TURNED_OVER_S = 30.0
"""A cache whose whole size is read anew in this time does not hold what is read."""


def find_exhausted_tickets(moment: Moment) -> Iterator[Suspicion]:
    """All of one kind are in use and operations queue, without a pause or as short operations come and go."""
    for state in moment.fresh("mongodb", "mongodb"):
        server = state.mongodb
        if server is None or not (_are_taken(moment, state) or _are_too_few(moment, state)):
            continue
        waiting = max(queued(server) or 0.0, float(_waiting(state)))
        if waiting > 0:
            yield _exhausted(state, server, waiting)


def _are_taken(moment: Moment, state: TargetState) -> bool:
    return moment.least(state, "tickets", _LOOKS_BACK_S, 2) >= _ALL


def _are_too_few(moment: Moment, state: TargetState) -> bool:
    """More is wanted than there is. Who queues for a lock counts as queueing too, but then the tickets are not used."""
    wanted, used = moment.least(state, "ticket_demand", _LOOKS_BACK_S), moment.lately(state, "tickets")
    return wanted >= _WANTED and used is not None and used >= _MOSTLY


def _waiting(state: TargetState) -> int:
    running = operations_of(state)
    return sum(1 for one in running if "ticket" in (one.waiting_for or ""))


def _exhausted(state: TargetState, server: MongoServer, waiting: float) -> Suspicion:
    tickets = server.tickets
    read = share(tickets.read_used, tickets.read_total) or 0.0
    write = share(tickets.write_used, tickets.write_total) or 0.0
    kind, total = ("read", tickets.read_total) if read >= write else ("write", tickets.write_total)
    is_few = (total or 0) < _FEW
    few = f"; there are only {total}, the setting was changed or the server adapts it" if is_few else ""
    return Suspicion(
        code="tickets-exhausted",
        target_id=state.target.id,
        severity="critical",
        what=f"all {kind} tickets of MongoDB's storage engine are in use",
        cost=f"{one_of(int(waiting), 'operation queues', 'operations queue')}",
        cause=f"{total or 0:,} tickets, all taken{few}",
        help="look for what runs longest, and end it",
        action="kill",
        page="Operations",
        figures={"queued": waiting, "few": float(is_few)},
    )


def find_squeezed_cache(moment: Moment) -> Iterator[Suspicion]:
    """Operations have to make room themselves, or more is dirty than the server's threads can write."""
    for state in moment.fresh("mongodb", "mongodb"):
        server = state.mongodb
        if server is None:
            continue
        used = share(server.cache.used_bytes, server.cache.maximum_bytes) or 0.0
        dirty = moment.least(state, "dirty", _LOOKS_BACK_S)
        evicted = moment.least(state, "evicted_by_operations", _LOOKS_BACK_S)
        limit = max(_VERY_DIRTY, moment.thresholds.cache_dirty_share)
        turned_over = _is_turned_over(moment, state, server)
        busy = evicted >= _EVICTED_PER_S and (used >= _FULL_CACHE or turned_over)
        if dirty >= limit or busy:
            little = (server.cache.maximum_bytes or _DEFAULT_BYTES) < _DEFAULT_BYTES
            yield Suspicion(
                code="cache-squeeze",
                target_id=state.target.id,
                severity="critical",
                what="MongoDB's cache is too small for its work",
                cost=f"operations evict {per_second(evicted)} pages themselves"
                if evicted >= 1
                else "operations wait for dirty pages to be written",
                cause=f"{percent(used)} of {count((server.cache.maximum_bytes or 0) / 2**20)} MB used, "
                f"{percent(dirty)} dirty" + ("; no server has so little by default" if little else ""),
                help="find what reads or writes so much, or give it a larger cache",
                page="Operations",
                figures={"dirty": dirty, "evicted": evicted, "small": float(little or turned_over)},
            )


def _is_turned_over(moment: Moment, state: TargetState, server: MongoServer) -> bool:
    """What was thrown out is read again at once: so it is also where the cache looks half empty for it."""
    size, read = server.cache.maximum_bytes, moment.lately(state, "read_into_cache")
    return bool(size) and read is not None and read * _TURNED_OVER_S >= (size or 0)


RULES = (
    Rule(codes=("tickets-exhausted",), find=find_exhausted_tickets, holds_s=2.0, ends_s=5.0),
    Rule(codes=("cache-squeeze",), find=find_squeezed_cache, holds_s=3.0, ends_s=6.0),
)
