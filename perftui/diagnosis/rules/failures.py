"""Requests that the application answers with an error: it fails (5xx), or it refuses them (4xx)."""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

from perftui.diagnosis.moment import Moment
from perftui.diagnosis.rule import Rule, Suspicion
from perftui.diagnosis.subjects import endpoint_name, endpoints_of
from perftui.diagnosis.words import name, percent
from perftui.model.application import EndpointStats
from perftui.model.snapshot import TargetState

_LOOKS_BACK_S = 12.0
_FEWEST_FAILED, _FEWEST_REFUSED = 5.0, 10.0
_NEARLY_ALL, _MORE = 0.5, 0.4
_SURE = 5.0
_MOST = 5
Judge = Callable[[Moment, TargetState, EndpointStats], Suspicion | None]


class Errors(NamedTuple):
    """Of one endpoint lately."""

    number: float
    requests: float
    usual: float | None
    """Share of the requests before; `None` where nothing is known of before."""

    @property
    def rate(self) -> float:
        return self.number / max(self.requests, 1.0)

    @property
    def beyond_chance(self) -> float:
        """Where few requests come, some errors more than usual are chance: five standard deviations are not."""
        usual = self.usual or 0.0
        return usual + _SURE * math.sqrt(self.requests * usual * (1 - usual) + 1) / max(self.requests, 1.0)

    def words(self, status: str) -> str:
        usually = "" if self.usual is None else f", usually {percent(self.usual)}"
        return f"{percent(self.rate)} of {self.requests:,.0f} requests answered {status}{usually}"


def find_failing(moment: Moment) -> Iterator[Suspicion]:
    """Requests answered with 5xx: more than usual, or most of them."""
    yield from _worst(moment, _failing, "failed")


def _worst(moment: Moment, judge: Judge, figure: str) -> Iterator[Suspicion]:
    for state in moment.fresh("application", "application"):
        found = [one for endpoint in endpoints_of(state) if (one := judge(moment, state, endpoint)) is not None]
        yield from sorted(found, key=lambda one: -one.figures[figure])[:_MOST]


def _failing(moment: Moment, state: TargetState, endpoint: EndpointStats) -> Suspicion | None:
    if endpoint.server_error_rate == 0:
        return None  # none in its whole window: most endpoints are well, and a look at each second is dear
    subject = endpoint_name(endpoint)
    errors = _errors(moment, state, "errors", "failing-requests", subject)
    if errors is None or errors.number < _FEWEST_FAILED or errors.rate < _limit_of_failures(moment, errors):
        return None
    raised = max(endpoint.exceptions, key=lambda kind: endpoint.exceptions[kind], default=None)
    return Suspicion(
        code="failing-requests",
        target_id=state.target.id,
        subject=subject,
        severity="critical",
        what=f"{name(subject)} fails",
        cost=errors.words("5xx"),
        cause=f"it raises {name(raised)}" if raised else "",
        help="read the application's log",
        action="details",
        page="Endpoints",
        row=subject,
        figures={"failed": errors.number} | ({} if errors.usual is None else {"usual errors": errors.usual}),
    )


def _limit_of_failures(moment: Moment, errors: Errors) -> float:
    if errors.usual is None:
        return _NEARLY_ALL
    return max(moment.thresholds.error_rate, 2 * errors.usual + 0.05, errors.beyond_chance)


def find_refusals(moment: Moment) -> Iterator[Suspicion]:
    """Endpoints that answer most of their requests with 4xx, and did not before: a release, a key or a limit that
    changed, sessions that are lost."""
    yield from _worst(moment, _refusing, "refused")


def _refusing(moment: Moment, state: TargetState, endpoint: EndpointStats) -> Suspicion | None:
    if endpoint.client_error_rate == 0:
        return None
    subject = endpoint_name(endpoint)
    errors = _errors(moment, state, "client_errors", "refused-requests", subject)
    if errors is None or errors.number < _FEWEST_REFUSED or errors.usual is None:
        return None
    if errors.rate < max(_NEARLY_ALL, errors.usual + _MORE, errors.beyond_chance):
        return None
    return Suspicion(
        code="refused-requests",
        target_id=state.target.id,
        subject=subject,
        severity="critical",
        what=f"{name(subject)} refuses its requests",
        cost=errors.words("4xx"),
        help="look at their statuses, and at what changed: logins, routes, limits",
        action="details",
        page="Endpoints",
        row=subject,
        figures={"refused": errors.number, "usual client_errors": errors.usual},
    )


def _errors(moment: Moment, state: TargetState, figure: str, code: str, subject: str) -> Errors | None:
    """`None` where there is none lately."""
    since = moment.now - _LOOKS_BACK_S
    shares = moment.track(state, figure, subject).since(since)
    if not any(shares):
        return None
    requests = moment.track(state, "requests", subject).since(since)
    if len(requests) != len(shares):
        return None
    number = sum(share * each for share, each in zip(shares, requests, strict=True))
    return Errors(number, sum(requests), _usual(moment, state, figure, code, subject))


def _usual(moment: Moment, state: TargetState, figure: str, code: str, subject: str) -> float | None:
    """The mean, not the median: a few errors in many readings are usual too."""
    held = moment.usual(state, figure, code, subject)
    if moment.holds(code, state.target.id, subject) or held is None:
        return held
    before = [value for at, value in moment.track(state, figure, subject).pairs(0.0) if at < moment.now - _LOOKS_BACK_S]
    return sum(before) / len(before) if len(before) >= 6 else None


RULES = (
    Rule(codes=("failing-requests",), find=find_failing, holds_s=2.0, ends_s=8.0),
    Rule(codes=("refused-requests",), find=find_refusals, holds_s=3.0, ends_s=8.0),
)
