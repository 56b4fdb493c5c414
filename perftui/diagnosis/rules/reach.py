"""Targets that cannot be reached, and those that started anew, once or again and again."""

from collections.abc import Iterator
from itertools import pairwise

from perftui.diagnosis.answering import is_lost, lost_of
from perftui.diagnosis.lives import starts
from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import name, seconds
from perftui.model.sample import Failure
from perftui.model.snapshot import TargetState

_REMEMBERED_S = 90.0
_AGAIN, _AGAIN_WITHIN_S, _FAST_S, _LOOKS_BACK_S = 3, 300.0, 30.0, 600.0
"""Starts, and within how long; the one that was there before perftui came counts only where they are as fast."""
_PAUSE_S, _PAUSES, _LATEST = 30.0, 2.5, 5
"""How long it has to stay up until it is over: so many times of the latest lives, for what starts it again waits
longer each time."""
_DEPLOYED_S = 15.0
_CHANGED_S = 1800.0


def find_unreachable(moment: Moment) -> Iterator[Suspicion]:
    """A target that answers to nothing any more, or never did."""
    for state in moment.snapshot.targets:
        failure = lost_of(state)
        if failure is not None:
            yield _unreachable(state, failure)


def _unreachable(state: TargetState, failure: Failure) -> Suspicion:
    since = [one.failing_since for one in state.sources if one.failing_since is not None and is_lost(one)]
    reached = any(one.read_at is not None for one in state.sources)
    return Suspicion(
        code="unreachable",
        target_id=state.target.id,
        severity="critical",
        what=f"{name(state.target.name)} cannot be reached",
        since=min(since) if since and reached else None,
        cost="nothing is known of it",
        cause=_clause(failure.message),
        help=_order(failure.help),
        page="Host",
        row=None,
    )


def _order(sentence: str) -> str:
    text = _clause(sentence)
    return text[:1].lower() + text[1:]


def find_restarts(moment: Moment) -> Iterator[Suspicion]:
    """A server that started a moment ago: its caches are cold, its clients connect anew."""
    for event in moment.events("server.restarted", within_s=_REMEMBERED_S):
        state = next((one for one in moment.snapshot.targets if one.target.id == event.target_id), None)
        if state is not None and state.target.kind != "application":
            yield Suspicion(
                code="restarted",
                target_id=state.target.id,
                severity="warning",
                what=f"{name(state.target.name)} restarted",
                since=event.at,
                cost="its caches are cold, and clients connect anew",
                cause="who or what stopped it stands in its log",
                help="read its log, and the machine's for the out-of-memory killer",
                page="Events",
            )


def find_restarts_again(moment: Moment) -> Iterator[Suspicion]:
    """What ends and is started again, over and over: one problem, also while it is up for a moment."""
    for state in moment.snapshot.targets:
        uptimes = moment.track(state, "uptime")
        # Who has been up for longer cannot have started so often; nobody has to count that.
        if (uptimes.last or 0.0) > _AGAIN_WITHIN_S:
            continue
        found = _unplanned(moment, state, starts(uptimes, moment.now - _LOOKS_BACK_S))
        again = _in_a_row(moment, found, uptimes.first_at)
        if _goes_on(moment, again):
            yield _again(moment, state, again, uptimes.first_at)


def _unplanned(moment: Moment, state: TargetState, found: list[float]) -> list[float]:
    """Without those that brought another version: that is how it is deployed."""
    changes = moment.events("version.changed", within_s=_LOOKS_BACK_S, target_id=state.target.id)
    deployed = [event.at for event in changes]
    return [one for one in found if not any(abs(at - one) < _DEPLOYED_S for at in deployed)]


def _in_a_row(moment: Moment, found: list[float], first_at: float) -> list[float]:
    """Those that belong together; none where they are too few."""
    seen = [one for one in found if one > first_at]
    if sum(one >= moment.now - _AGAIN_WITHIN_S for one in seen) >= _AGAIN:
        return seen
    fast = len(found) >= _AGAIN and found[-1] - found[-_AGAIN] <= _FAST_S
    return found[-_AGAIN:] if fast else []


def _goes_on(moment: Moment, again: list[float]) -> bool:
    if not again:
        return False
    longest = max(later - earlier for earlier, later in pairwise(again[-_LATEST:]))
    return moment.now - again[-1] <= max(_PAUSE_S, _PAUSES * longest)


def _again(moment: Moment, state: TargetState, found: list[float], first_at: float) -> Suspicion:
    target = state.target
    since = min(found[0], moment.since("restarts-again", target.id))
    changed = next(moment.events("version.changed", within_s=_CHANGED_S, target_id=target.id), None)
    killed = "" if target.kind == "application" else ", and the machine's for the out-of-memory killer"
    return Suspicion(
        code="restarts-again",
        target_id=target.id,
        severity="critical",
        what=f"{name(target.name)} restarts again and again",
        since=since,
        cost=_number(moment, found, "restarts" if found[0] > first_at else "starts"),
        cause="it ends or is killed, and is started again" if changed is None else _clause(changed.message),
        help=f"read its log{killed}" + ("" if changed is None else "; go back to the version before"),
        command=None if target.kind == "application" else 'journalctl -k --grep "out of memory"',
        page="Events",
        figures={"restarts": float(len(found))},
    )


def _number(moment: Moment, found: list[float], what: str) -> str:
    first, last = (seconds(max(moment.now - one, 0.0)) for one in (found[0], found[-1]))
    return f"{len(found)} {what} in {first}, the last {last} ago"


def _clause(sentence: str) -> str:
    return name(sentence, 200).removesuffix(".")


RULES = (
    Rule(codes=("unreachable",), find=find_unreachable, holds_s=2.0, ends_s=2.0),
    Rule(codes=("restarts-again",), find=find_restarts_again, holds_s=0.0, ends_s=2.0),
    Rule(codes=("restarted",), find=find_restarts, holds_s=0.0, ends_s=2.0),
)
