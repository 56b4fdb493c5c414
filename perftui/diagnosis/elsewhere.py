"""What changed in the other systems when a problem began: on one time axis a cause shows, and so does its absence."""

from collections.abc import Iterator

from perftui.diagnosis.answering import does_not_answer
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.signals import TOLD, Signal
from perftui.diagnosis.track import Change
from perftui.diagnosis.words import name
from perftui.model.snapshot import TargetState
from perftui.model.target import TargetKind

_EARLIER_S = 20.0
_CLOSE_S = 0.2
"""A problem's beginning is told in tenths of a second."""
_MOST = 2
_WHERE: dict[TargetKind, str] = {
    "mongodb": "MongoDB",
    "redis": "Redis",
    "application": "the application",
    "host": "the machine",
}
_IN: dict[TargetKind, str] = {
    "mongodb": "in MongoDB",
    "redis": "in Redis",
    "application": "in the application's load",
    "host": "on the machine",
}
_KINDS: tuple[TargetKind, ...] = ("application", "mongodb", "redis", "host")
_CAUSES = {"application": ("requests",)}
"""Of the application only its load is a cause; what its callers feel is told as the cost."""


def elsewhere(moment: Moment, kind: TargetKind, since: float) -> str:
    """`nothing changed in Redis or on the machine`, or what did, or who does not answer. `kind`: of the system that has
    the problem."""
    silent, changed, still = [], [], []
    for other in _KINDS:
        states = [state for state in moment.states(other) if _counts(moment, state)]
        if other == kind or not states:
            continue
        silent += [_silence(state, len(states)) for state in states if does_not_answer(state)]
        if not any(_knows_before(moment, state, since) for state in states):
            continue
        found = [words for state in states if not does_not_answer(state) for words in _changes(moment, state, since)]
        changed += found
        if not found and all(_tells(moment, state, since) for state in states):
            still.append(_IN[other])
    parts = [*silent, *changed][:_MOST]
    if still:
        parts.append(f"nothing changed {_listed(still)}")
    return "; ".join(parts)


def all_tell(moment: Moment, kind: TargetKind, since: float) -> bool:
    """Whether all other systems answer, and were read since then: only so is it certain that it is none of them."""
    others = (state for state in moment.snapshot.targets if state.target.kind != kind)
    return all(_tells(moment, state, since) for state in others if not moment.places.is_idle(state.target.id))


def _tells(moment: Moment, state: TargetState, since: float) -> bool:
    read = (moment.track(state, one.name).last_at for one in TOLD if one.kind == state.target.kind)
    return not does_not_answer(state) and max(read, default=0.0) >= since - _CLOSE_S


def _silence(state: TargetState, of: int) -> str:
    which = "" if of == 1 else f" {name(state.target.name)}"
    return f"{_WHERE[state.target.kind]}{which} does not answer"


def _counts(moment: Moment, state: TargetState) -> bool:
    """It was seen, and is no machine on which nothing runs that is watched."""
    return moment.memory.watched_since(state.target.id) is not None and not moment.places.is_idle(state.target.id)


def _knows_before(moment: Moment, state: TargetState, since: float) -> bool:
    """Something is known of what was usual before the problem began: else nobody can say that nothing changed."""
    return any(moment.usual_before(state, one.name, since) is not None for one in TOLD if one.kind == state.target.kind)


def _changes(moment: Moment, state: TargetState, since: float) -> Iterator[str]:
    wanted = _CAUSES.get(state.target.kind)
    for signal in TOLD:
        if signal.kind != state.target.kind or (wanted is not None and signal.name not in wanted):
            continue
        change = moment.change(state, signal.name, since)
        if change is not None and change.at >= since - _EARLIER_S and matters(signal, change):
            yield _words(state, signal, change)


def matters(signal: Signal, change: Change) -> bool:
    """Both this many times, up or down, and this much."""
    low, high = sorted((abs(change.before), abs(change.after)))
    return high - low >= signal.least and high >= signal.times * low


def _words(state: TargetState, signal: Signal, change: Change) -> str:
    write = signal.write
    assert write is not None  # noqa: S101 - those of TOLD have one
    verb = "rose" if change.after > change.before else "fell"
    place = _WHERE[state.target.kind]
    return f"{place}: {signal.title} {verb} from {write(change.before)} to {write(change.after)}"


def _listed(places: list[str]) -> str:
    return places[0] if len(places) == 1 else f"{', '.join(places[:-1])} or {places[-1]}"
