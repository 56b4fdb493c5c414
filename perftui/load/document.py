"""A load's figures as the part `http` of a saved run, which `perftui bench compare` reads."""

from collections.abc import Sequence

from perftui.bench.bootstrap import quantile
from perftui.load.records import LoadRun
from perftui.model.bench.load import EndpointLoad, GeneratorDocument, LoadComparison, LoadDocument


def document_of(run: LoadRun, loads: Sequence[EndpointLoad], comparisons: Sequence[LoadComparison]) -> LoadDocument:
    """The figures as one object."""
    behind = quantile(sorted(run.behind_s), 0.99) if run.behind_s else None
    return LoadDocument(
        started_at=run.started_at,
        stopped=run.stopped,
        rate_per_s=run.plan.rate_per_s,
        measured_s=run.measured_s,
        warmup_s=run.plan.warmup_s,
        concurrency=run.plan.concurrency,
        timeout_s=run.plan.timeout_s,
        generator=GeneratorDocument(cpu_s=run.cpu_s, behind_p99_s=behind),
        endpoints=tuple(loads),
        comparisons=tuple(comparisons),
    )
