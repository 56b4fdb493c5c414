"""What makes a benchmark's figures worth less, in sentences."""

import os
from statistics import median

from perftui.bench.blocks import FEWEST, block_means, drift, level
from perftui.bench.result import BenchmarkResult

_SPREAD, _DRIFT, _OUTLIERS, _UNSTEADY_MEAN = 0.05, 0.02, 0.05, 1.1
_SHORT_SAMPLE_S = 5e-6


def warnings_of(result: BenchmarkResult) -> tuple[str, ...]:
    """What was seen while it ran, and what its samples show. Raises `ValueError` for a result without samples."""
    if median(result.samples) <= 0:
        return (*result.warnings, "samples of 0 s: the clock is too coarse for them")
    return (*result.warnings, *_few(result), *_short(result), *_scattered(result), *_drifting(result), *_busy(result))


def _few(result: BenchmarkResult) -> list[str]:
    count = len(result.samples)
    return [f"only {count} sample{'s' if count > 1 else ''}: the figures may be chance"] if count < FEWEST else []


def _short(result: BenchmarkResult) -> list[str]:
    sample_s = median(result.samples) * result.loops
    if sample_s >= _SHORT_SAMPLE_S:
        return []
    return [f"a sample lasts {sample_s * 1e9:,.0f} ns: reading the clock is a large part of it; leave iterations out"]


def _scattered(result: BenchmarkResult) -> list[str]:
    figures, found = result.statistics, []
    if figures.mad_s > _SPREAD * figures.median_s:
        found.append(f"samples scatter: half lie more than {figures.mad_s / figures.median_s:.0%} off the median")
    if (share := figures.outliers.count / figures.n) > _OUTLIERS:
        found.append(f"{share:.0%} of the samples are outliers: something else ran")
    if figures.mean_s > _UNSTEADY_MEAN * figures.median_s:
        found.append(
            f"the mean lies {figures.mean_s / figures.median_s - 1:.0%} above the median: few slow samples weigh much"
        )
    return found


def _drifting(result: BenchmarkResult) -> list[str]:
    moved = drift(block_means(result.independent_blocks, level))
    return [f"it became slower or faster by {moved:.0%} while it ran"] if moved > _DRIFT else []


def _busy(result: BenchmarkResult) -> list[str]:
    load, cpus = result.facts.get("load_avg_1min"), result.facts.get("cpu_count", os.cpu_count())
    if not isinstance(load, (int, float)) or not isinstance(cpus, int) or load <= cpus:
        return []
    return [f"the machine was busy: a load of {load:.1f} on {cpus} processors"]
