"""A cache that throws keys away before they are read, that is full, or that is asked for what it does not have."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.redis_figures import keeps_all, refused_writes
from perftui.diagnosis.redis_words import memory
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.signals import share
from perftui.diagnosis.words import per_second, percent
from perftui.model.redis import RedisServer
from perftui.model.snapshot import TargetState

_FALL = 0.5
_LOOKUPS_PER_S = 5.0
_AS_EVER = 0.7
_EVICTED_PER_S = 3.0


def find_evictions(moment: Moment) -> Iterator[Suspicion]:
    """Keys are thrown away for want of memory, and lookups miss for it. A cache that evicts and still hits is well."""
    for state in moment.fresh("redis", "redis"):
        server = state.redis
        evicted, lookups = moment.least(state, "evicted", 5.0), moment.lately(state, "lookups") or 0.0
        rate = moment.lately(state, "hit_rate", seconds=8.0)
        if server is None or evicted < _EVICTED_PER_S or rate is None or lookups < _LOOKUPS_PER_S:
            continue
        usual = moment.usual(state, "hit_rate", "cache-evicting")
        if rate < (moment.thresholds.hit_rate if usual is None else usual - 0.1):
            yield _evicting(state, server, evicted, rate, usual)


def _evicting(state: TargetState, server: RedisServer, evicted: float, rate: float, usual: float | None) -> Suspicion:
    before = f", usually {percent(usual)}" if usual is not None else ""
    return Suspicion(
        code="cache-evicting",
        target_id=state.target.id,
        severity="critical" if rate < 0.5 or (usual is not None and rate < usual - 0.2) else "warning",
        what="the cache evicts keys that are still wanted",
        cost=f"{per_second(evicted)} keys evicted, hit rate {percent(rate)}{before}",
        cause=f"its memory is full: {memory(server)}",
        help="give it more memory (maxmemory), or keep less in it",
        command="redis-cli config set maxmemory <bytes>",
        page="Redis",
        figures={} if usual is None else {"usual hit_rate": usual},
    )


def find_full(moment: Moment) -> Iterator[Suspicion]:
    """Every write is refused: no key may be evicted, or only those that expire, of which there are none."""
    for state in moment.fresh("redis", "redis"):
        server = state.redis
        if server is None or not keeps_all(server):
            continue
        used = share(server.memory.used_bytes, server.memory.maximum_bytes)
        refused = refused_writes(server)
        if used is not None and used >= 0.97 and refused > 0:
            yield Suspicion(
                code="redis-full",
                target_id=state.target.id,
                severity="critical",
                what="Redis is full and refuses writes",
                cost=f"{per_second(refused)} commands refused",
                cause=memory(server),
                help="see that its machine has the memory, then give it more; a policy that evicts deletes data, "
                "and is right only where all of it is a cache",
                command=_larger(moment, state, server.memory.maximum_bytes or 0),
                page="Redis",
            )


def _larger(moment: Moment, state: TargetState, maximum_bytes: int) -> str | None:
    """Half as much again, unless its machine is seen to lack that: what is deleted for want of it may be no cache."""
    machine = moment.machine_of(state)
    available = machine.host.memory.available_bytes if machine is not None and machine.host is not None else None
    if available is not None and available < maximum_bytes:
        return None
    return f"redis-cli config set maxmemory {-(-maximum_bytes * 3 // 2**21)}mb"


def find_misses(moment: Moment) -> Iterator[Suspicion]:
    """As many lookups as usual find far less, and no key was thrown away: others are asked for than are stored."""
    for state in moment.fresh("redis", "redis"):
        now = [moment.lately(state, one, seconds=8.0) for one in ("lookups", "hits")]
        usual = [moment.usual(state, one, "cache-misses") for one in ("lookups", "hits")]
        if None in now or None in usual or moment.holds("cache-flushed", state.target.id):
            continue
        (lookups, hits), (usual_lookups, usual_hits) = ([one or 0.0 for one in pair] for pair in (now, usual))
        asked_as_ever = lookups >= max(_LOOKUPS_PER_S, _AS_EVER * usual_lookups)
        finds_less = usual_hits >= _LOOKUPS_PER_S and hits <= _FALL * usual_hits
        if asked_as_ever and finds_less and moment.least(state, "evicted", 8.0) < _EVICTED_PER_S:
            yield _misses(state, (lookups, hits), (usual_lookups, usual_hits))


def _misses(state: TargetState, now: tuple[float, float], usual: tuple[float, float]) -> Suspicion:
    (lookups, hits), (usual_lookups, usual_hits) = now, usual
    return Suspicion(
        code="cache-misses",
        target_id=state.target.id,
        severity="warning",
        what="the cache is asked for what it does not have",
        cost=f"{per_second(hits)} of {per_second(lookups)} lookups find their key, usually {per_second(usual_hits)}",
        cause="no key was thrown away or flushed: other keys are asked for than before, as after a release, or they "
        "expired together",
        help="compare the keys that are read with those that are stored",
        page="Redis",
        figures={"usual lookups": usual_lookups, "usual hits": usual_hits, "hits": hits},
    )


RULES = (
    Rule(codes=("cache-misses",), find=find_misses, holds_s=4.0),
    Rule(codes=("cache-evicting",), find=find_evictions, holds_s=2.0),
    Rule(codes=("redis-full",), find=find_full, holds_s=1.0),
)
