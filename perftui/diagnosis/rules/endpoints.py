"""Endpoints that are slow, or in which requests hang."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import NamedTuple

from perftui.diagnosis.hanging_together import HANGING, hanging_together, shared
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.subjects import endpoint_name, endpoints_of
from perftui.diagnosis.track import Track
from perftui.diagnosis.words import milliseconds, name, one_of
from perftui.model.application import EndpointStats
from perftui.model.snapshot import TargetState

_TIMES, _LEAST_MS = 4.0, 200.0
_FAR_TIMES = 3.0
_FEWEST = 4
_LEAPS_TIMES, _LEAPS_MS, _LEAPS_FEWEST, _LEAPS_S = 10.0, 500.0, 8, 5.0
"""A leap is by so much, and in so many requests, that two readings are enough to suspect it."""
_LOOKS_BACK_S = 7.0
_HANGING_TIMES, _GROWS = 4.0, 1.5
_MOST, _JUDGED = 5, 25
"""Slow ones that are told; and that are compared for it, the heaviest first, where everything is slow."""


class _Slow(NamedTuple):
    """What is known of a slow endpoint before it is clear whether it is among the few that are told."""

    excess: float
    endpoint: EndpointStats
    subject: str
    cost: str
    average: float | None
    usual: float | None


def find_slow_endpoints(moment: Moment) -> Iterator[Suspicion]:
    """The worst first: those that take most time more than usual."""
    for state in moment.fresh("application", "application"):
        found = moment.memory.once(state, "application", "slow endpoints", partial(_worst, moment, state))
        hanging = hanging_together(moment, state, [one.endpoint for one in found])
        for one in found:
            suspicion = _suspicion(moment, state, one)
            yield shared(suspicion, hanging) if one.endpoint in hanging else suspicion


def _worst(moment: Moment, state: TargetState) -> list[_Slow]:
    heaviest = sorted(endpoints_of(state), key=_weight, reverse=True)
    slow = (one for endpoint in heaviest if (one := _slow(moment, state, endpoint)) is not None)
    return sorted(islice(slow, _JUDGED), key=lambda one: -one.excess)[:_MOST]


def _weight(endpoint: EndpointStats) -> tuple[bool, float]:
    """Those in which requests hang, then the others by the time that they take, as last read."""
    average = endpoint.recent.average_ms if endpoint.recent is not None else None
    return (endpoint.active or 0) >= HANGING, (endpoint.per_s or 1.0) * (average or 0.0)


def _slow(moment: Moment, state: TargetState, endpoint: EndpointStats) -> _Slow | None:
    return _hanging(moment, state, endpoint) or _slowed(moment, state, endpoint)


def _hanging(moment: Moment, state: TargetState, endpoint: EndpointStats) -> _Slow | None:
    if (endpoint.active or 0) < HANGING:
        return None
    subject = endpoint_name(endpoint)
    active = moment.least(state, "active", _LOOKS_BACK_S, 2, subject)
    usual_active = moment.usual(state, "active", "slow-endpoint", subject)
    if active < max(HANGING, _HANGING_TIMES * (usual_active or 0.0)):
        return None
    if usual_active is None and not _grows(moment, state, subject):
        return None
    words = f"{one_of(int(active), 'request hangs', 'requests hang')} in it"
    usual = moment.usual(state, "average_ms", "slow-endpoint", subject)
    return _Slow(_excess(endpoint, 1000.0, usual), endpoint, subject, words, None, usual)


def _grows(moment: Moment, state: TargetState, subject: str) -> bool:
    """Where nothing is known of before, many at once may be as they should be: streams, long polls."""
    values = moment.track(state, "active", subject).since(moment.now - _LOOKS_BACK_S)
    return moment.holds("slow-endpoint", state.target.id, subject) or values[-1] >= _GROWS * values[0]


def _is_stream(endpoint: EndpointStats) -> bool:
    return 2 * (endpoint.streams or 0) > (endpoint.requests or 0)


def _slowed(moment: Moment, state: TargetState, endpoint: EndpointStats) -> _Slow | None:
    subject = endpoint_name(endpoint)
    track = moment.tracks(state, subject).get("average_ms")
    if track is None:
        return None
    least = min(_LEAST_MS, moment.thresholds.endpoint_average_ms)
    peak = track.peak(moment.now, _LOOKS_BACK_S)
    if peak < least:
        return None  # what is usual is dear to know, and most endpoints are well
    usual = moment.usual_of(track, "average_ms", ("slow-endpoint", state.target.id, subject))
    if usual is not None and peak < _TIMES * usual:
        return None  # and where most are slow, they mostly are as slow as ever
    average = track.lately(moment.now, _LOOKS_BACK_S) or 0.0
    if not _leapt(average, usual):
        average = _leap(moment, state, track, subject, usual) or average
    if average < least:
        return None
    if usual is None and _is_stream(endpoint):
        return None
    rose = usual is not None and average >= max(_TIMES * usual, _LEAST_MS)
    if not (rose or (usual is None and average >= moment.thresholds.endpoint_average_ms)):
        return None
    if sum(moment.track(state, "requests", subject).since(moment.now - _LOOKS_BACK_S)) < _FEWEST:
        return None
    words = f"it takes {milliseconds(average)}" + ("" if usual is None else f", usually {milliseconds(usual)}")
    return _Slow(_excess(endpoint, average, usual), endpoint, subject, words, average, usual)


def _leap(moment: Moment, state: TargetState, track: Track, subject: str, usual: float | None) -> float | None:
    """The smaller of the last two readings, where both are far beyond what was usual."""
    since = moment.now - _LEAPS_S
    last = track.since(since)[-2:]
    if len(last) < 2 or not _leapt(min(last), usual):
        return None
    requests = moment.track(state, "requests", subject).since(since)[-2:]
    return min(last) if sum(requests) >= _LEAPS_FEWEST else None


def _leapt(average: float, usual: float | None) -> bool:
    return usual is not None and average >= max(_LEAPS_TIMES * usual, _LEAPS_MS)


def _excess(endpoint: EndpointStats, average: float, usual: float | None) -> float:
    """Milliseconds a second that its requests take more than usual."""
    return (endpoint.per_s or 1.0) * (average - (usual or 0.0))


def _suspicion(moment: Moment, state: TargetState, one: _Slow) -> Suspicion:
    return Suspicion(
        code="slow-endpoint",
        target_id=state.target.id,
        subject=one.subject,
        severity="critical" if _is_critical(moment, one) else "warning",
        what=f"{name(one.subject)} is slow",
        since=_since(moment, state, one),
        cost=one.cost,
        help="look at what the endpoint does, and at its queries",
        action="origin",
        page="Endpoints",
        row=one.subject,
        figures=_figures(moment, state, one),
    )


def _is_critical(moment: Moment, one: _Slow) -> bool:
    """One of which nothing is known of before may always be a little slow."""
    limit = moment.thresholds.endpoint_average_ms
    return one.average is None or one.average >= (limit if one.usual is not None else _FAR_TIMES * limit)


def _since(moment: Moment, state: TargetState, one: _Slow) -> float | None:
    if one.average is None or one.usual is None:
        return None
    if moment.holds("slow-endpoint", state.target.id, one.subject):
        return moment.since("slow-endpoint", state.target.id, one.subject)
    return moment.track(state, "average_ms", one.subject).began(one.usual, one.average)


def _figures(moment: Moment, state: TargetState, one: _Slow) -> dict[str, float]:
    figures = {
        "excess": one.excess,
        "average_ms": one.average,
        "usual average_ms": one.usual,
        "usual active": moment.usual(state, "active", "slow-endpoint", one.subject),
        "usual queries": moment.usual(state, "queries", "slow-endpoint", one.subject),
    }
    return {key: value for key, value in figures.items() if value is not None}


RULES = (Rule(codes=("slow-endpoint",), find=find_slow_endpoints, holds_s=3.0, ends_s=8.0),)
