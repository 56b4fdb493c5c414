"""A cache that lost most of its keys at once: flushed, expired together, evicted, deleted, or restarted empty."""

from collections.abc import Iterator

from perftui.diagnosis.key_loss import Fall, last_fall, why_lost
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import count, name, percent
from perftui.model.redis import RedisSlowCommand
from perftui.model.snapshot import TargetState

_SHORTEST_S = 20.0
_LOST = 0.05
Rates = tuple[float | None, float | None]
"""The usual hit rate and that of now."""


def find_flushes(moment: Moment) -> Iterator[Suspicion]:
    """Most keys went at once; it is over when they, or the hit rate, have come back."""
    for state in moment.fresh("redis", "redis"):
        fall = last_fall(moment, state)
        if fall is None:
            continue
        keys, rate = moment.lately(state, "keys") or 0.0, moment.lately(state, "hit_rate", seconds=10.0)
        usual = moment.track(state, "hit_rate").usual(fall.at)
        lost = usual is not None and rate is not None and rate < usual - _LOST
        flushed = _flush(moment, state, fall)
        if moment.now - fall.at > _SHORTEST_S and (keys >= 0.8 * fall.before or not lost):
            continue
        if flushed is not None or lost:
            yield _lost(moment, state, fall, (usual, rate), flushed)


def _flush(moment: Moment, state: TargetState, fall: Fall) -> str | None:
    """Who flushed, as far as the slow log tells; `None`: nobody did."""
    track = moment.track(state, "flushes")
    before = next((value for _, value in track.pairs(fall.began)), None)
    counted = before is not None and track.last is not None and track.last > before
    entries = () if state.redis_slow_log is None else state.redis_slow_log.entries
    for entry in entries:
        if entry.command.upper().startswith(("FLUSHALL", "FLUSHDB")) and abs(entry.at - fall.at) < 30:
            return f"{name(entry.command)} was sent{_sender(entry)}"
    return "FLUSHALL or FLUSHDB was sent" if counted else None


def _sender(entry: RedisSlowCommand) -> str:
    sender = entry.client_name or entry.client
    return f" by {name(sender)}" if sender else ""


def _lost(moment: Moment, state: TargetState, fall: Fall, rates: Rates, flushed: str | None) -> Suspicion:
    usual, rate = rates
    cause, help_ = why_lost(moment, state, fall)
    return Suspicion(
        code="cache-flushed",
        target_id=state.target.id,
        severity="critical" if usual is None or (rate is not None and rate < usual - 0.2) else "warning",
        what="the cache was flushed" if flushed else "the cache lost its keys",
        since=fall.at,
        cost=_cost(fall, rates),
        cause=flushed or cause,
        help="warm the cache, or let it fill again" if flushed else help_,
        page="Redis",
        row="flushall" if flushed else None,
    )


def _cost(fall: Fall, rates: Rates) -> str:
    usual, rate = rates
    cost = f"{count(fall.before)} keys became {count(fall.after)}"
    if usual is None or rate is None:
        return cost
    return f"{cost}, the hit rate {percent(usual)} became {percent(rate)}"


RULES = (Rule(codes=("cache-flushed",), find=find_flushes, holds_s=1.0),)
