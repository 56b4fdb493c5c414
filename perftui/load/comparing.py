"""Endpoints of one run compared with each other, and kept so that runs can be compared."""

import uuid
from collections.abc import Sequence

from perftui.bench.bootstrap import quantile
from perftui.bench.comparison import ALPHA, compare_results
from perftui.bench.machine import facts
from perftui.bench.result import BenchmarkResult
from perftui.load.figures import latencies
from perftui.load.records import LoadRun
from perftui.model.bench.comparison import Comparison
from perftui.model.bench.load import LoadComparison

THRESHOLD = 0.05
"""Of a ratio of latencies: more than the 2 % of benchmarks, since a server and a network move more than a function."""
_HIGH, _ROUNDS_JOINED = 0.95, 20
"""The percentile that is compared beside the level, over at most so many groups of rounds."""


def results_of(run: LoadRun) -> list[BenchmarkResult]:
    """The latencies of each endpoint as a benchmark's samples, a block for each turn; without any: left out."""
    known, together = facts(), uuid.uuid4().hex if len(run.requests) > 1 else None
    known |= {"load_rate_per_s": run.plan.rate_per_s, "load_concurrency": run.plan.concurrency}
    return [
        BenchmarkResult(
            name=request.name,
            blocks=tuple(tuple(block) for block in turns if block),
            together=together if all(turns) else None,
            facts=dict(known),
            started_at=run.started_at,
            duration_s=run.measured_s / len(run.requests),
        )
        for request, turns in zip(run.requests, _turns(run), strict=True)
        if any(turns)
    ]


def compare_endpoints(run: LoadRun) -> list[LoadComparison]:
    """Each request that has a base with it."""
    turns = _turns(run)
    return [
        _compared(run, request.base, number, turns)
        for number, request in enumerate(run.requests)
        if request.base is not None
    ]


def _turns(run: LoadRun) -> list[list[list[float]]]:
    """For each endpoint, the latencies of each round; of a run that was stopped, without the last one if it can be."""
    rounds = 1 + max((one.due.round for one in run.records), default=-1)
    found: list[list[list[float]]] = [[[] for _ in range(rounds)] for _ in run.requests]
    for one in sorted(run.records, key=lambda record: record.due.at_s):
        found[one.due.endpoint][one.due.round] += latencies(run, [one])
    return [turns[:-1] for turns in found] if run.stopped and rounds > 1 else found


def _compared(run: LoadRun, base: int, number: int, turns: list[list[list[float]]]) -> LoadComparison:
    names = run.requests[base].name, run.requests[number].name
    both = [(one, other) for one, other in zip(turns[base], turns[number], strict=True) if one and other]
    if not both:
        return LoadComparison(
            base=names[0], name=names[1], latency=None, p95=None, why_not="no turn of both was answered"
        )
    sides = [one for one, _ in both], [other for _, other in both]
    return LoadComparison(
        base=names[0],
        name=names[1],
        latency=_judged(names, [[tuple(turn) for turn in side] for side in sides]),
        p95=_judged(names, [[(value,) for value in _high(side)] for side in sides]),
    )


def _judged(names: tuple[str, str], sides: Sequence[Sequence[tuple[float, ...]]]) -> Comparison:
    results = [
        BenchmarkResult(name=name, blocks=tuple(side), together="turns")
        for name, side in zip(names, sides, strict=True)
    ]
    return compare_results(results[0], results[1], THRESHOLD, ALPHA)


def _high(turns: list[list[float]]) -> list[float]:
    """The 95th percentile of each group of neighbouring turns."""
    groups = min(len(turns), _ROUNDS_JOINED)
    cuts = [len(turns) * number // groups for number in range(groups + 1)]
    joined = [sorted(value for turn in turns[cuts[at] : cuts[at + 1]] for value in turn) for at in range(groups)]
    return [quantile(group, _HIGH) for group in joined]
