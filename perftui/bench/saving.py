"""Writes results as one JSON document that pyperf and pytest-benchmark both read, and perftui reads back whole."""

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from perftui.bench.bootstrap import quantile
from perftui.bench.machine import machine_info
from perftui.bench.noise import warnings_of
from perftui.bench.result import BenchmarkResult, Fact
from perftui.model.base import plain

SCHEMA = "perftui.bench/1"
_PYPERF_VERSION = "1.0"


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
    document = {
        "schema": SCHEMA,
        "version": _PYPERF_VERSION,
        "metadata": common,
        "machine_info": machine_info(common),
        "commit_info": {"id": common.get("commit_id", "unknown"), "branch": common.get("commit_branch", "(unknown)")},
        "datetime": _moment(results[0].started_at).isoformat(),
        "benchmarks": [_benchmark(result, common) for result in results],
        **(more or {}),
    }
    return msgspec.json.format(msgspec.json.encode(document, enc_hook=plain), indent=1) + b"\n"


def _benchmark(result: BenchmarkResult, common: dict[str, Fact]) -> dict[str, Any]:
    own = {name: value for name, value in result.facts.items() if name not in common}
    return {
        "name": result.name,
        "fullname": result.name,
        "group": None,
        "param": None,
        "params": None,
        "options": {},
        "extra_info": {"warnings": list(warnings_of(result)), "statistics": result.statistics},
        "stats": _stats(result),
        "metadata": {"name": result.name, "unit": "second", "loops": result.loops, **own},
        "runs": _runs(result),
        "perftui": {
            "together": result.together,
            "passes": result.passes,
            "warnings": list(result.warnings),
            "started_at": result.started_at,
            "duration_s": result.duration_s,
        },
    }


def _runs(result: BenchmarkResult) -> list[dict[str, Any]]:
    """A run of pyperf for each block; the warm-up stands before the first."""
    runs: list[dict[str, Any]] = [{"values": list(block)} for block in result.blocks if block]
    if result.warmups:
        runs[0]["warmups"] = [[result.loops, warmup] for warmup in result.warmups]
    for run, block in zip(runs, (block for block in result.blocks if block), strict=True):
        run["metadata"] = {
            "date": _moment(result.started_at).astimezone().strftime("%Y-%m-%d %H:%M:%S.%f"),
            "duration": sum(block) * result.loops,
        }
    return runs


def _stats(result: BenchmarkResult) -> dict[str, Any]:
    """pytest-benchmark's names. Its data are ours in the order of time."""
    figures, ordered = result.statistics, sorted(result.samples)
    iqr = figures.q3_s - figures.q1_s
    within = [one for one in ordered if figures.q1_s - 1.5 * iqr <= one <= figures.q3_s + 1.5 * iqr]
    sd = figures.sd_s or 0.0
    beyond = sum(abs(one - figures.mean_s) > sd for one in ordered)
    return {
        "min": figures.min_s,
        "max": figures.max_s,
        "mean": figures.mean_s,
        "stddev": sd,
        "rounds": figures.n,
        "median": figures.median_s,
        "iqr": iqr,
        "q1": quantile(ordered, 0.25),
        "q3": quantile(ordered, 0.75),
        "iqr_outliers": figures.outliers.count,
        "stddev_outliers": beyond,
        "outliers": f"{beyond};{figures.outliers.count}",
        "ld15iqr": within[0],
        "hd15iqr": within[-1],
        "ops": figures.ops_per_s,
        "total": sum(ordered),
        "iterations": result.loops,
        "data": list(result.samples),
    }


def _common(results: Sequence[BenchmarkResult]) -> dict[str, Fact]:
    first, *others = [result.facts for result in results]
    return {name: value for name, value in first.items() if all(other.get(name) == value for other in others)}


def _moment(at: float | None) -> datetime:
    return datetime.now(UTC) if at is None else datetime.fromtimestamp(at, UTC)
