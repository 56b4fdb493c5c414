"""The figures of one endpoint under load."""

from collections import Counter
from collections.abc import Iterable, Sequence

from perftui.bench.bootstrap import quantile
from perftui.bench.statistic import summarize
from perftui.load.records import LoadRun, Record
from perftui.load.sending import TIMEOUT
from perftui.load.timeline import timeline
from perftui.model.bench.load import EndpointLoad, Sizes


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
