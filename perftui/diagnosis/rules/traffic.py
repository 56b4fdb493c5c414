"""Requests that do not come any more, or of which none ends."""

from collections.abc import Iterator
from itertools import pairwise

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import one_of, per_second
from perftui.model.snapshot import TargetState

_SILENT_S, _NEARLY_NONE = 10.0, 0.02
_LEAST_PER_S, _STEADY = 2.0, 0.25
"""Who gets few requests, or now and then none, is not missed by their absence."""
_WATCHED_S, _RARELY = 30.0, 0.05
_HANGING = 5.0
_ALL = "all endpoints"


def find_absence(moment: Moment) -> Iterator[Suspicion]:
    """Requests came all the time, and now next to none ends: they do not reach it, or all of them hang."""
    for state in moment.fresh("application", "application"):
        track = moment.track(state, "requests")
        usual = moment.usual(state, "requests", "no-requests", _ALL, of_target=True)
        if usual is None or usual < _LEAST_PER_S or track.last is None or track.last > _NEARLY_NONE * usual:
            continue
        silent = not any(value > _NEARLY_NONE * usual for value in track.since(moment.now - _SILENT_S))
        if silent and (moment.holds("no-requests", state.target.id, _ALL) or _is_steady(moment, state, usual)):
            yield _absent(moment, state, usual)


def _is_steady(moment: Moment, state: TargetState, usual: float) -> bool:
    track = moment.track(state, "requests")
    began = track.began(usual, 0.0)
    watched_s = began - track.first_at
    # A reading stands until the next one: of an application that does nothing there may be none for long.
    readings = pairwise(pair for pair in track.pairs(0.0) if pair[0] <= began)
    quiet_s = sum(until - at for (at, value), (until, _) in readings if value < _STEADY * usual)
    return watched_s >= _WATCHED_S and quiet_s <= _RARELY * watched_s


def _absent(moment: Moment, state: TargetState, usual: float) -> Suspicion:
    track, active = moment.track(state, "requests"), moment.track(state, "active").last
    hang = active is not None and active >= _HANGING
    some = "hardly any request" if track.last else "no request"
    return Suspicion(
        code="no-requests",
        target_id=state.target.id,
        subject=_ALL,
        severity="critical" if hang else "warning",
        what=f"{some} of the application ends any more" if hang else f"{some} reaches the application any more",
        since=track.began(usual, 0.0),
        cost=f"usually {per_second(usual)}",
        cause="" if active is None else f"{one_of(int(active), 'is', 'are')} under way",
        help="look at what they wait for, and read its log"
        if hang
        else "look before it: load balancer, DNS, network; or whoever sent them has ended",
        page="Endpoints",
        figures={"usual requests": usual},
    )


RULES = (Rule(codes=("no-requests",), find=find_absence, holds_s=2.0, ends_s=4.0),)
