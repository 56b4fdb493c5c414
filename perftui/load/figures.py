"""The figures of one endpoint under load."""

from collections import Counter
from collections.abc import Iterable, Sequence

from perftui.bench.bootstrap import quantile
from perftui.bench.statistic import Statistics, summarize
from perftui.load.records import LoadRun, Record
from perftui.load.sending import TIMEOUT
from perftui.load.timeline import Stretch, timeline
from perftui.model.base import Model


class Sizes(Model, frozen=True, kw_only=True):
    """Of the bodies of good answers, in bytes as they came over the line."""

    min_bytes: int
    median_bytes: float
    max_bytes: int
    total_bytes: int


class EndpointLoad(Model, frozen=True, kw_only=True):
    """What one endpoint did. Requests of the warm-up are in no figure."""

    name: str
    method: str
    url: str
    """Without its login and what looks like a secret."""
    uncached: bool = False
    """It was asked so as to pass a cache by."""
    due: int
    """Requests that the schedule asked for, until the run ended."""
    sent: int
    late: int
    """Sent later than due because every connection was busy; their latency counts from when they were due."""
    unsent: int
    """Never sent for the same reason."""
    unfinished: int
    """Under way when the run was stopped; in no other figure."""
    good: int
    """Whole answers of a status below 400, or of any status where that was asked for."""
    statuses: dict[str, int]
    """Whole answers by status."""
    failures: dict[str, int]
    """Requests without a whole answer, by reason."""
    redirected: int
    """Answers that came after a redirect on the same host; their time is that of both requests."""
    asked_per_s: float
    sent_per_s: float | None
    good_per_s: float | None
    """Good answers a second of the time that the endpoint had the load."""
    latency: Statistics | None
    """From when each request was due: good answers, and those given up or never sent with the time until then."""
    service: Statistics | None
    """From when each request was sent: good answers and those given up."""
    sizes: Sizes | None
    timeline: tuple[Stretch, ...] = ()

    @property
    def failed(self) -> int:
        """Requests that were not answered as they should have been, with those that could not be sent."""
        return self.due - self.good - self.unfinished


def figures_of(run: LoadRun) -> list[EndpointLoad]:
    """The figures of each request of the run, in its order."""
    return [_figures(run, number) for number in range(len(run.requests))]


def latencies(run: LoadRun, records: Sequence[Record]) -> list[float]:
    """Seconds of good answers and of what was given up: left out, the slowest would flatter the figures."""
    return [one.latency_s for one in records if run.is_good(one.answer) or one.answer.failure == TIMEOUT]


def _figures(run: LoadRun, number: int) -> EndpointLoad:
    request = run.requests[number]
    records = [one for one in run.records if one.due.endpoint == number]
    unsent = [due for due in run.unsent if due.endpoint == number]
    unfinished = sum(due.endpoint == number for due in run.unfinished)
    good = [one for one in records if run.is_good(one.answer)]
    own_s = run.measured_s / len(run.requests)
    waited = latencies(run, records) + [run.ended_s - due.at_s for due in unsent]
    service = [one.service_s for one in records if run.is_good(one.answer) or one.answer.failure == TIMEOUT]
    return EndpointLoad(
        name=request.name,
        method=request.method,
        url=request.shown,
        uncached=request.uncached,
        due=len(records) + len(unsent) + unfinished,
        sent=len(records) + unfinished,
        late=sum(one.late for one in records),
        unsent=len(unsent),
        unfinished=unfinished,
        good=len(good),
        statuses=_counted(str(one.answer.status) for one in records if one.answer.status is not None),
        failures=_counted(one.answer.failure for one in records if one.answer.failure is not None),
        redirected=sum(one.answer.redirects > 0 for one in records),
        asked_per_s=run.plan.rate_per_s,
        sent_per_s=(len(records) + unfinished) / own_s if own_s else None,
        good_per_s=len(good) / own_s if own_s else None,
        latency=summarize(waited) if waited else None,
        service=summarize(service) if service else None,
        sizes=_sizes([one.answer.body_bytes for one in good]),
        timeline=timeline(run, records),
    )


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _sizes(sizes: list[int]) -> Sizes | None:
    if not sizes:
        return None
    ordered = sorted(sizes)
    return Sizes(
        min_bytes=ordered[0],
        median_bytes=quantile(ordered, 0.5),
        max_bytes=ordered[-1],
        total_bytes=sum(ordered),
    )
