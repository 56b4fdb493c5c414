"""When a Redis lost most of its keys, and what the counters of that time say of why."""

from itertools import pairwise
from typing import NamedTuple

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.words import count, name, seconds, size
from perftui.model.snapshot import TargetState

LOOKS_BACK_S = 300.0
_FEWEST_KEYS = 50
_FALL, _SINKS = 0.5, 0.9
"""Of the keys before: a fall, and a part of one where keys go over several readings, as many that expire do."""
_LONGEST_S = 20.0
_STEP_S, _STEPS = 6.0, 1.5
"""Between two readings; the second of what lies between them where they are far apart."""
_CLOCK_S = 2.0
"""An uptime is told in whole seconds, and read a little after it was told."""
_MOSTLY = 0.6
_WORTH_TELLING = 0.25
_TO_DO = "warm the cache, or let it fill again"
_UNKNOWN = ("they were deleted or expired at once", _TO_DO)


class Fall(NamedTuple):
    """Readings between which most keys went."""

    began: float
    """The last reading before it."""
    at: float
    before: float
    after: float


def last_fall(moment: Moment, state: TargetState) -> Fall | None:
    track = moment.track(state, "keys")
    values = track.since(moment.now - LOOKS_BACK_S)
    if not values or min(values) > _FALL * max(values):
        return None  # no two of them are so far apart
    longest = max(_STEP_S, _STEPS * track.spacing)
    found = top = None
    for (began, before), (at, after) in pairwise(track.pairs(moment.now - LOOKS_BACK_S)):
        sinks = after <= _SINKS * before > 0 and at - began <= longest
        top = (top or (began, before)) if sinks else None
        if top is not None and _is_fall(fall := Fall(top[0], at, top[1], after), max(_LONGEST_S, longest)):
            found = fall
    return found


def _is_fall(fall: Fall, within_s: float) -> bool:
    halved = fall.before >= _FEWEST_KEYS and fall.after <= _FALL * fall.before
    return halved and fall.at - fall.began <= within_s


def why_lost(moment: Moment, state: TargetState, fall: Fall) -> tuple[str, str]:
    """Cause and help, where nobody flushed it."""
    if _restarted(moment, state, fall):
        return "Redis restarted empty", _TO_DO
    lost = _MOSTLY * (fall.before - fall.after)
    expired, evicted = (_counted(moment, state, one, fall) for one in ("expired", "evicted"))
    if expired is not None and expired >= lost:
        why = f"{count(expired)} keys expired within {seconds(fall.at - fall.began)}: they were given the same TTL"
        return why, "spread the TTLs of what is stored together (add some jitter to each)"
    if evicted is not None and evicted >= lost:
        return _evicted(moment, state, fall, evicted)
    if expired is None or evicted is None or _is_replica(state):
        return _UNKNOWN
    return "they were deleted: they neither expired nor were evicted", "find what deletes them (DEL, UNLINK, a script)"


def _restarted(moment: Moment, state: TargetState, fall: Fall) -> bool:
    """Its process began within the fall: one that is young anyway proves nothing."""
    uptime_s = None if state.redis is None else state.redis.uptime_s
    if uptime_s is None:
        return False
    started = moment.track(state, "keys").last_at - uptime_s
    return fall.began - _CLOCK_S <= started <= fall.at + _CLOCK_S


def _counted(moment: Moment, state: TargetState, figure: str, fall: Fall) -> float | None:
    """How many of them there were in the fall; `None`: not counted then."""
    readings = moment.track(state, figure).pairs(fall.began)
    gone = [rate * (at - before) for (before, _), (at, rate) in pairwise(readings) if at <= fall.at]
    return sum(gone) if gone else None


def _evicted(moment: Moment, state: TargetState, fall: Fall, evicted: float) -> tuple[str, str]:
    """Other than what the memory is full of now: who filled it may be gone."""
    known = None if state.redis is None else state.redis.memory
    most = 0 if known is None else known.maximum_bytes or 0
    lately = (value for at, value in moment.track(state, "buffers").pairs(fall.began) if at <= fall.at + _STEP_S)
    buffers = max(lately, default=0.0)
    why = f"{count(evicted)} keys were evicted for want of memory"
    if most and buffers >= _WORTH_TELLING * most:
        return f"{why}: clients' buffers took {size(buffers)} of {size(most)}", "find the client: redis-cli client list"
    limits = f" ({size(most)}, policy {name(known.policy or 'unknown')})" if known is not None and most else ""
    return f"{why}{limits}", "give it more memory (maxmemory), or keep less in it"


def _is_replica(state: TargetState) -> bool:
    """It is told to delete what expires or is evicted elsewhere."""
    return state.redis is not None and state.redis.replication.role == "replica"
