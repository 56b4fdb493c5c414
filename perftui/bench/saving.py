"""Writes results as one JSON document that pyperf and pytest-benchmark both read, and perftui reads back whole."""

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import asdict

from perftui.bench.bootstrap import quantile
from perftui.bench.machine import machine_info
from perftui.bench.noise import warnings_of
from perftui.bench.result import BenchmarkResult
from perftui.model.base import plain
from perftui.model.bench.samples import Fact
from perftui.model.bench.saved_run import (
    CommitInfo,
    ExtraInfo,
    PyperfRun,
    PytestStats,
    RunMeta,
    SavedBenchmark,
    SavedRun,
)


def save_benchmarks(
    results: Sequence[BenchmarkResult], path: str | os.PathLike[str], more: Mapping[str, Any] | None = None
) -> None:
    """Write them to a file in place of what is there, whole or not at all. Raises `OSError`; `ValueError` as `to_json`.

    `more`: what else the document is to hold, beside what the readers of such files look for.

    >>> from perftui import BenchmarkResult, load_benchmarks, save_benchmarks
    >>> save_benchmarks([BenchmarkResult(name="sort", blocks=((0.1, 0.2), (0.15,)))], "run.json")
    >>> load_benchmarks("run.json")[0].blocks
    ((0.1, 0.2), (0.15,))
    """
    data, place = to_json(results, more), Path(path).resolve()
    if place.exists() and not place.is_file():  # a pipe or a device
        place.write_bytes(data)
        return
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        beside.write_bytes(data)
        beside.replace(place)
    finally:
        beside.unlink(missing_ok=True)


def to_json(results: Sequence[BenchmarkResult], more: Mapping[str, Any] | None = None) -> bytes:
    """The document. Raises `ValueError` where there is no result, one has no sample, or a name comes twice."""
    if not results or not all(result.samples for result in results):
        raise ValueError("there is no benchmark with samples to save")
    if len({result.name for result in results}) < len(results):
        raise ValueError("two benchmarks have the same name")
    common = _common(results)
    run = SavedRun(
        metadata=common,
        machine_info=machine_info(common),
        commit_info=CommitInfo(id=common.get("commit_id", "unknown"), branch=common.get("commit_branch", "(unknown)")),
        datetime=_moment(results[0].started_at).isoformat(),
        benchmarks=tuple(_benchmark(result, common) for result in results),
    )
    return _with_more(run, more or {})


def json_without_samples(more: Mapping[str, Any]) -> bytes:
    """A saved run of no benchmark, such as of a load that had no answer, with what else it is to hold."""
    return _with_more(SavedRun(benchmarks=()), more)


def _with_more(run: SavedRun, more: Mapping[str, Any]) -> bytes:
    document = {name: value for name, value in asdict(run).items() if value is not UNSET} | dict(more)
    return msgspec.json.format(msgspec.json.encode(document, enc_hook=plain), indent=1) + b"\n"


def _benchmark(result: BenchmarkResult, common: dict[str, Fact]) -> SavedBenchmark:
    own = {name: value for name, value in result.facts.items() if name not in common}
    return SavedBenchmark(
        name=result.name,
        fullname=result.name,
        extra_info=ExtraInfo(warnings=tuple(warnings_of(result)), statistics=result.statistics),
        stats=_stats(result),
        metadata={"name": result.name, "unit": "second", "loops": result.loops, **own},
        runs=tuple(_runs(result)),
        perftui=RunMeta(
            together=result.together,
            passes=result.passes,
            warnings=result.warnings,
            started_at=result.started_at,
            duration_s=result.duration_s,
        ),
    )


def _runs(result: BenchmarkResult) -> Iterator[PyperfRun]:
    """A run of pyperf for each block; the warm-up stands before the first."""
    warmups = tuple((result.loops, warmup) for warmup in result.warmups) or UNSET
    date = _moment(result.started_at).astimezone().strftime("%Y-%m-%d %H:%M:%S.%f")
    for place, block in enumerate(block for block in result.blocks if block):
        yield PyperfRun(
            values=block,
            warmups=UNSET if place else warmups,
            metadata={"date": date, "duration": sum(block) * result.loops},
        )


def _stats(result: BenchmarkResult) -> PytestStats:
    """pytest-benchmark's names. Its data are ours in the order of time."""
    figures, ordered = result.statistics, sorted(result.samples)
    iqr = figures.q3_s - figures.q1_s
    within = [one for one in ordered if figures.q1_s - 1.5 * iqr <= one <= figures.q3_s + 1.5 * iqr]
    sd = figures.sd_s or 0.0
    beyond = sum(abs(one - figures.mean_s) > sd for one in ordered)
    return PytestStats(
        min=figures.min_s,
        max=figures.max_s,
        mean=figures.mean_s,
        stddev=sd,
        rounds=figures.n,
        median=figures.median_s,
        iqr=iqr,
        q1=quantile(ordered, 0.25),
        q3=quantile(ordered, 0.75),
        iqr_outliers=figures.outliers.count,
        stddev_outliers=beyond,
        outliers=f"{beyond};{figures.outliers.count}",
        ld15iqr=within[0],
        hd15iqr=within[-1],
        ops=figures.ops_per_s,
        total=sum(ordered),
        iterations=result.loops,
        data=result.samples,
    )


def _common(results: Sequence[BenchmarkResult]) -> dict[str, Fact]:
    first, *others = [result.facts for result in results]
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _moment(at: float | None) -> datetime:
    return datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
