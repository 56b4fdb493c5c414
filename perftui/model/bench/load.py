"""What endpoints did under a steady load, and how they compare."""

from typing import Literal

from perftui.model.base import Model
from perftui.model.bench.comparison import Comparison
from perftui.model.bench.statistics import Statistics


class Sizes(Model, frozen=True, kw_only=True):
    """Of the bodies of good answers, in bytes as they came over the line."""

    min_bytes: int
    median_bytes: float
    max_bytes: int
    total_bytes: int


class Stretch(Model, frozen=True, kw_only=True):
    """A part of the run: what was answered in it."""

    at_s: float
    """Where it begins, from the end of the warm-up on."""
    good_per_s: float
    """Good answers a second of the time that the endpoint had the load."""
    failed: int
    slowest_s: float | None
    """The longest latency of what was answered or given up in it."""


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


class LoadComparison(Model, frozen=True, kw_only=True):
    """An endpoint compared with another of the same run, both measured in turns."""

    base: str
    name: str
    latency: Comparison | None
    """Over the means of turns, each without its slowest tenth."""
    p95: Comparison | None
    """Over the 95th percentiles of groups of turns."""
    why_not: str | None = None
    """Why there is none."""


class GeneratorDocument(Model, frozen=True, kw_only=True):
    """What the load itself did."""

    cpu_s: float
    behind_p99_s: float | None
    """How late it sent where a connection was free, or a timer of its own was."""


class LoadDocument(Model, frozen=True, kw_only=True):
    """All that was measured over HTTP in one run."""

    schema: Literal["perftui.bench-http/1"] = "perftui.bench-http/1"
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
