"""One of the application's own caches that finds nothing any more, however well the others of the same server hit."""

from collections.abc import Iterator
from typing import NamedTuple

from perftui.diagnosis.application_time import was_seen_to_start
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.subjects import cache_subject, caches_of
from perftui.diagnosis.words import count, name, per_second, percent
from perftui.model.application import CacheStats
from perftui.model.snapshot import TargetState

CODE = "application-cache-misses"
_LATELY_S = 10.0
_LOOKUPS_PER_S, _HITS, _FALL, _POINTS = 5.0, 0.3, 0.5, 0.3
"""What hits less than that mostly misses by nature; and how much less it must hit, of its usual and in all."""
_FULL = 0.95
_MOST = 3


class _Now(NamedTuple):
    lookups: float
    rate: float
    usual_lookups: float | None
    usual_rate: float

    @property
    def is_of_window(self) -> bool:
        """What is usual is known from the document alone, which tells of its whole window."""
        return self.usual_lookups is None

    @property
    def misses(self) -> float:
        return self.lookups * (1 - self.rate)


def find_cold_caches(moment: Moment) -> Iterator[Suspicion]:
    """The most missed first. One that warms after a start was seen to is no incident."""
    for state in moment.fresh("application", "application"):
        if was_seen_to_start(moment, state):
            continue
        found = [(now, one) for one in caches_of(state) if (now := _now(moment, state, one)) and _misses(now)]
        for now, cache in sorted(found, key=lambda each: -each[0].misses)[:_MOST]:
            yield _suspicion(state, cache, now)


def _now(moment: Moment, state: TargetState, cache: CacheStats) -> _Now | None:
    subject = cache_subject(cache)
    rate, lookups = (moment.lately(state, one, subject, _LATELY_S) for one in ("hit_rate", "lookups"))
    if rate is None or lookups is None or lookups < _LOOKUPS_PER_S:
        return None
    key = CODE, state.target.id, cache.name
    usual, usual_lookups = (
        moment.usual_of(moment.track(state, one, subject), one, key) for one in ("hit_rate", "lookups")
    )
    if usual is None and cache.hit_rate is None:
        return None
    return _Now(lookups, rate, usual_lookups, (cache.hit_rate or 0.0) if usual is None else usual)


def _misses(now: _Now) -> bool:
    """It finds less by the second too: else only more is asked for, as by a crawler, and what was found is found."""
    if now.usual_rate < _HITS or now.rate > min(_FALL * now.usual_rate, now.usual_rate - _POINTS):
        return False
    if now.usual_lookups is None:
        return True
    finds_less = now.lookups * now.rate <= _FALL * now.usual_lookups * now.usual_rate
    return finds_less and now.lookups >= _FALL * now.usual_lookups


def _suspicion(state: TargetState, cache: CacheStats, now: _Now) -> Suspicion:
    before = f"{percent(now.usual_rate)} in its window" if now.is_of_window else f"usually {percent(now.usual_rate)}"
    usual = {"usual hit_rate": now.usual_rate}
    if now.usual_lookups is not None:
        usual["usual lookups"] = now.usual_lookups
    return Suspicion(
        code=CODE,
        target_id=state.target.id,
        subject=cache.name,
        severity="warning",
        what=f"the application's cache {name(cache.name)} finds nothing any more"
        if now.rate < 0.05
        else f"the application's cache {name(cache.name)} misses far more than usual",
        cost=f"{per_second(now.misses)} of {per_second(now.lookups)} lookups miss; "
        f"hit rate {percent(now.rate)}, {before}",
        cause=_cause(cache),
        help="compare the keys that it asks for with those that are stored: a changed prefix or version, a short "
        "expiry, or code that deletes them",
        page="Caches",
        row=cache.name,
        figures={"misses": now.misses} | usual,
    )


def _cause(cache: CacheStats) -> str:
    if cache.capacity and (cache.keys or 0) >= _FULL * cache.capacity and cache.evictions:
        return f"it is full: {count(cache.capacity)} keys fit, and it evicts"
    missed = f"; most missed: {name(cache.missed_keys[0].key)}" if cache.missed_keys else ""
    return f"other keys are asked for than are stored, as after a release, or they expired or were deleted{missed}"


RULES = (Rule(codes=(CODE,), find=find_cold_caches, holds_s=6.0),)
