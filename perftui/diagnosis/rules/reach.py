"""Targets that cannot be reached, and those that started anew."""

from collections.abc import Iterator

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.words import name
from perftui.model.sample import Failure
from perftui.model.snapshot import TargetState

_LOST = {"refused", "unreachable", "timeout", "name"}
_REMEMBERED_S = 90.0
_PAGES = {"mongodb": "Operations", "redis": "Redis", "application": "Endpoints", "host": "Host"}


def find_unreachable(moment: Moment) -> Iterator[Suspicion]:
    """Every source of a target fails for want of an answer."""
    for state in moment.snapshot.targets:
        failures = [one.failure for one in state.sources if one.failure is not None]
        asked = [
            one for one in state.sources if one.failure is None or one.failure.kind not in ("rights", "unsupported")
        ]
        lost = [one for one in failures if one.kind in _LOST]
        if asked and len(lost) == len(asked):
            yield _unreachable(state, lost[0])


def _unreachable(state: TargetState, failure: Failure) -> Suspicion:
    since = [one.failing_since for one in state.sources if one.failing_since is not None]
    reached = any(one.read_at is not None for one in state.sources)
    return Suspicion(
        code="unreachable",
        target_id=state.target.id,
        severity="critical",
        what=f"{name(state.target.name)} cannot be reached",
        since=min(since) if since and reached else None,
        cost="nothing is known of it",
        cause=name(failure.message, 200).removesuffix("."),
        help=_order(failure.help),
        page="Host",
        row=None,
    )


def _order(sentence: str) -> str:
    text = name(sentence, 200).removesuffix(".")
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


RULES = (
    Rule(codes=("unreachable",), find=find_unreachable, holds_s=2.0, ends_s=2.0),
    Rule(codes=("restarted",), find=find_restarts, holds_s=0.0, ends_s=2.0),
)
