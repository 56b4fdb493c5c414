"""Many endpoints that are slow at once: one problem of the application as a whole, not one of each of them."""

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from perftui.diagnosis.application_time import (
    CODE,
    SUBJECT,
    Strained,
    is_late,
    origin_of,
    usual_before_it,
    was_seen_to_start,
)
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.subjects import endpoint_name, endpoints_of
from perftui.diagnosis.words import milliseconds, name
from perftui.model.application import EndpointStats
from perftui.model.snapshot import TargetState

_LOOKS_BACK_S = 8.0
_TIMES, _MORE_MS = 8.0, 30.0
_FAR_TIMES, _FAR_MS = 4.0, 200.0
_FEWEST, _PART = 3, 0.5
_REQUESTS, _LOADED = 3.0, 20.0
"""So many requests within so many seconds: of fewer nobody can say that they are slow."""
_UNDER_WAY = 10
_LATE_S = 20.0
"""So long the last reading of a document that is late says what it said: an application that is slow answers slowly."""


class _Slow(NamedTuple):
    strained: tuple[Strained, ...]
    """The heaviest first."""
    loaded: int
    is_far: bool

    @property
    def are_all(self) -> bool:
        return len(self.strained) == self.loaded


def find_far_slower(moment: Moment) -> Iterator[Suspicion]:
    """By so much that a few seconds are enough."""
    yield from (_told(moment, state, slow) for state, slow in _slow_ones(moment) if slow.is_far)


def find_slower(moment: Moment) -> Iterator[Suspicion]:
    """By many times what is usual, but little by the clock: only where it lasts, and not right after a start, when
    caches and connections are still to be filled."""
    yield from (
        _told(moment, state, slow)
        for state, slow in _slow_ones(moment)
        if not slow.is_far and not was_seen_to_start(moment, state)
    )


def _slow_ones(moment: Moment) -> Iterator[tuple[TargetState, _Slow]]:
    for state in moment.states("application"):
        if state.application is not None and _is_of_now(moment, state):
            slow = moment.memory.once(state, "application", CODE, partial(_judged, moment, state))
            if slow is not None:
                yield state, slow


def _is_of_now(moment: Moment, state: TargetState) -> bool:
    source = state.source_of("application")
    if source is None or source.failure is not None:
        return not state.is_silent("application")
    return not source.stale or moment.now - (source.read_at or 0.0) <= _LATE_S


def _judged(moment: Moment, state: TargetState) -> _Slow | None:
    perhaps = [one for one in endpoints_of(state) if _may_be(moment, state, one)]
    if len(perhaps) < _FEWEST:
        return None  # mostly it ends here: what is usual is dear to know
    loaded = {endpoint_name(one) for one in endpoints_of(state) if _is_loaded(moment, state, one)}
    least = _least(moment, state)
    known = (_strained(moment, state, one, least) for one in perhaps if endpoint_name(one) in loaded)
    strained = tuple(one for one in known if one is not None)
    if len(strained) < max(_FEWEST, _PART * len(loaded)):
        return None
    if all(one.usual is None for one in strained) and not _are_under_way(strained):
        return None
    heaviest = sorted(strained, key=_excess, reverse=True)
    return _Slow(tuple(heaviest), len(loaded), any(_is_far(one) for one in strained))


def _may_be(moment: Moment, state: TargetState, endpoint: EndpointStats) -> bool:
    track = moment.tracks(state, endpoint_name(endpoint)).get("average_ms")
    if track is None:
        return endpoint.recent is None and (endpoint.latency_ms.average or 0.0) >= _FAR_MS
    return track.peak(moment.now, _LOOKS_BACK_S) >= _MORE_MS


def _is_loaded(moment: Moment, state: TargetState, endpoint: EndpointStats) -> bool:
    if 2 * (endpoint.streams or 0) > (endpoint.requests or 0):
        return False
    requests = moment.track(state, "requests", endpoint_name(endpoint)).since(moment.now - _LOADED)
    return sum(requests) >= _REQUESTS or (endpoint.recent is None and (endpoint.requests or 0) >= _REQUESTS)


def _least(moment: Moment, state: TargetState) -> float:
    """What is slow where nothing is known of before: less, where the document itself comes late, for that never asks
    anyone else."""
    limit = moment.thresholds.endpoint_average_ms
    return min(limit, _FAR_MS) if is_late(moment, state) else limit


def _strained(moment: Moment, state: TargetState, endpoint: EndpointStats, least: float) -> Strained | None:
    subject = endpoint_name(endpoint)
    average = moment.lately(state, "average_ms", subject, _LOOKS_BACK_S)
    if average is None and endpoint.recent is None:
        average = endpoint.latency_ms.average  # of its whole window: the only reading that there is
    usual = usual_before_it(moment, state, "average_ms", subject)
    if average is None or average < (least if usual is None else max(_TIMES * usual, usual + _MORE_MS)):
        return None
    return Strained(endpoint, subject, average, usual)


def _are_under_way(strained: tuple[Strained, ...]) -> bool:
    """As many as their times make of their number, in all: else they were slow once, and are not any more. Where
    their times are of now, that they are slow needs no other proof."""
    known = [one.endpoint for one in strained]
    if all(one.recent is not None for one in known):
        return True
    active = sum(one.active or 0 for one in known)
    expected = sum((one.endpoint.per_s or 0.0) * one.average_ms / 1000 for one in strained)
    return active >= max(_UNDER_WAY, 0.5 * expected)


def _is_far(one: Strained) -> bool:
    return one.usual is None or one.average_ms >= max(_FAR_TIMES * one.usual, _FAR_MS)


def _told(moment: Moment, state: TargetState, slow: _Slow) -> Suspicion:
    return moment.memory.once(state, "application", f"{CODE} told", partial(_suspicion, moment, state, slow))


def _suspicion(moment: Moment, state: TargetState, slow: _Slow) -> Suspicion:
    origin = origin_of(moment, state, slow.strained, slow.loaded)
    worst = slow.strained[0]
    return Suspicion(
        code=CODE,
        target_id=state.target.id,
        subject=SUBJECT,
        severity="critical" if slow.is_far and _is_critical(moment, slow, state) else "warning",
        what=f"{'all' if slow.are_all else 'most'} endpoints are slow at once",
        since=_since(moment, state, slow),
        cost=_cost(slow, worst),
        cause=origin.cause,
        help=origin.help,
        command=origin.command,
        page="Endpoints",
        row=origin.suspect or worst.subject,
        figures={"slow": float(len(slow.strained)), "loaded": float(slow.loaded), "average_ms": worst.average_ms},
    )


def _excess(one: Strained) -> float:
    """Milliseconds a second that its requests take more than usual."""
    return (one.endpoint.per_s or 1.0) * (one.average_ms - (one.usual or 0.0))


def _cost(slow: _Slow, worst: Strained) -> str:
    number = len(slow.strained)
    which = f"all {number}" if slow.are_all else f"{number} of {slow.loaded}"
    usually = "" if worst.usual is None else f", usually {milliseconds(worst.usual)}"
    active = sum(one.endpoint.active or 0 for one in slow.strained)
    under_way = f"; {active:,} requests are under way" if active >= _UNDER_WAY else ""
    worst_ms = milliseconds(worst.average_ms)
    return f"{which} that are in use; {name(worst.subject)} takes {worst_ms}{usually}{under_way}"


def _is_critical(moment: Moment, slow: _Slow, state: TargetState) -> bool:
    """Endpoints of which nothing is known of before may always be a little slow, unless the document is slow too."""
    limit = moment.thresholds.endpoint_average_ms
    known = any(one.usual is not None for one in slow.strained) or is_late(moment, state)
    return any(one.average_ms >= (limit if known else 3 * limit) for one in slow.strained)


def _since(moment: Moment, state: TargetState, slow: _Slow) -> float | None:
    if moment.holds(CODE, state.target.id, SUBJECT):
        return moment.since(CODE, state.target.id, SUBJECT)
    began = [
        moment.track(state, "average_ms", one.subject).began(one.usual, one.average_ms)
        for one in slow.strained
        if one.usual is not None
    ]
    return min(began, default=None)


RULES = (
    Rule(codes=(CODE,), find=find_far_slower, holds_s=3.0, ends_s=12.0),
    Rule(codes=(CODE,), find=find_slower, holds_s=15.0, ends_s=12.0),
)
