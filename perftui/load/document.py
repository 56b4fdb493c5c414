"""A load's figures as the part `http` of a saved run, which `perftui bench compare` reads."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from perftui.bench.bootstrap import quantile
from perftui.bench.saving import SCHEMA as SAVED_RUN
from perftui.load.comparing import LoadComparison
from perftui.load.figures import EndpointLoad
from perftui.load.records import LoadRun
from perftui.model.base import Model, plain

SCHEMA = "perftui.bench-http/1"


class GeneratorDocument(Model, frozen=True, kw_only=True):
    """What the load itself did."""

    cpu_s: float
    behind_p99_s: float | None
    """How late it sent where a connection was free, or a timer of its own was."""


class LoadDocument(Model, frozen=True, kw_only=True):
    """All that was measured over HTTP in one run."""

    schema: str = SCHEMA
    started_at: float
    stopped: bool
    """By Ctrl-C, before its time."""
    rate_per_s: float
    """Asked of each endpoint while it has its turn."""
    measured_s: float
    """Of load in all, the warm-up left out; each endpoint had its share."""
    warmup_s: float
    concurrency: int
    timeout_s: float
    generator: GeneratorDocument
    endpoints: tuple[EndpointLoad, ...]
    comparisons: tuple[LoadComparison, ...]


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


def json_without_samples(more: Mapping[str, Any]) -> bytes:
    """A saved run of no benchmark, where no request was answered, with what else it is to hold."""
    saved = {"schema": SAVED_RUN, "version": "1.0", "benchmarks": [], **more}
    return msgspec.json.format(msgspec.json.encode(saved, enc_hook=plain), indent=1) + b"\n"
