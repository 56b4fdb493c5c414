"""A saved run: one document that perftui, pyperf and pytest-benchmark read."""

from typing import Any, Literal

from msgspec import UNSET, UnsetType

from perftui.model.base import Model
from perftui.model.bench.load import LoadDocument
from perftui.model.bench.mongo import MongoBenchDocument
from perftui.model.bench.samples import Fact, Pass
from perftui.model.bench.statistics import Statistics


class BenchReportDocument(Model, frozen=True, kw_only=True):
    """What `perftui bench` without an action measured."""

    schema: Literal["perftui.bench-report/1"] = "perftui.bench-report/1"
    started_at: float
    queries: tuple[MongoBenchDocument, ...]
    """Of each server."""
    http: LoadDocument | None
    notes: tuple[str, ...]
    """On what was left out."""


class ExtraInfo(Model, frozen=True, kw_only=True):
    """What pytest-benchmark shows beside a benchmark."""

    warnings: tuple[str, ...]
    statistics: Statistics


class PytestStats(Model, frozen=True, kw_only=True):
    """pytest-benchmark's figures under its names, in seconds."""

    min: float
    max: float
    mean: float
    stddev: float
    rounds: int
    median: float
    iqr: float
    q1: float
    q3: float
    iqr_outliers: int
    stddev_outliers: int
    outliers: str
    ld15iqr: float
    hd15iqr: float
    ops: float
    total: float
    iterations: int
    data: tuple[float, ...]
    """The samples in the order of time."""


class PyperfRun(Model, frozen=True, kw_only=True):
    """A block of samples, as a run of pyperf."""

    values: tuple[float, ...]
    """Seconds a call."""
    warmups: tuple[tuple[int, float], ...] | UnsetType = UNSET
    """Of the first run: calls, and seconds a call."""
    metadata: dict[str, Fact]


class RunMeta(Model, frozen=True, kw_only=True):
    """What only perftui reads of a benchmark."""

    together: str | None
    """The same for benchmarks whose blocks were measured in turns."""
    passes: tuple[Pass, ...]
    warnings: tuple[str, ...]
    started_at: float | None
    duration_s: float | None


class SavedBenchmark(Model, frozen=True, kw_only=True):
    """One benchmark of a saved run."""

    name: str
    fullname: str
    group: None = None
    param: None = None
    params: None = None
    options: dict[str, Any] = {}
    extra_info: ExtraInfo
    stats: PytestStats
    metadata: dict[str, Fact]
    """pyperf's, where they are not those of all."""
    runs: tuple[PyperfRun, ...]
    perftui: RunMeta


class CommitInfo(Model, frozen=True, kw_only=True):
    """Of the code that was measured."""

    id: Fact
    branch: Fact


class SavedRun(Model, frozen=True, kw_only=True):
    """What `perftui bench ... --json` writes, and `perftui bench compare` reads."""

    schema: Literal["perftui.bench/1"] = "perftui.bench/1"
    version: Literal["1.0"] = "1.0"
    """Of pyperf's format."""
    metadata: dict[str, Fact] | UnsetType = UNSET
    """Of the machine, the Python and the code, under pyperf's names; absent where there is no benchmark."""
    machine_info: dict[str, Any] | UnsetType = UNSET
    commit_info: CommitInfo | UnsetType = UNSET
    datetime: str | UnsetType = UNSET
    benchmarks: tuple[SavedBenchmark, ...]
    http: LoadDocument | UnsetType = UNSET
    """Of `perftui bench http`."""
    mongodb: MongoBenchDocument | UnsetType = UNSET
    """Of `perftui bench mongo`."""
    report: BenchReportDocument | UnsetType = UNSET
    """Of `perftui bench` without an action."""
