"""Timers, a benchmark runner, and comparisons that say what is known and what is not: `docs/benchmarking.md`."""

from typing import TYPE_CHECKING

from perftui.model.lazy import lazy_names

if TYPE_CHECKING:
    from perftui.bench.collecting import benchmark
    from perftui.bench.comparing import acompare, compare
    from perftui.bench.drawing import draw_histogram
    from perftui.bench.loading import load_benchmarks
    from perftui.bench.measuring import Measurement, measure
    from perftui.bench.memory import MemoryProfiler
    from perftui.bench.moment import diff, snapshot
    from perftui.bench.progress import ProgressBar
    from perftui.bench.result import BenchmarkResult
    from perftui.bench.runner import BenchmarkRunner
    from perftui.bench.saving import save_benchmarks
    from perftui.bench.statistic import summarize
    from perftui.bench.timer import Timer
    from perftui.model.bench.comparison import Comparison
    from perftui.model.bench.statistics import Statistics

__all__ = [
    "BenchmarkResult",
    "BenchmarkRunner",
    "Comparison",
    "Measurement",
    "MemoryProfiler",
    "ProgressBar",
    "Statistics",
    "Timer",
    "acompare",
    "benchmark",
    "compare",
    "diff",
    "draw_histogram",
    "load_benchmarks",
    "measure",
    "save_benchmarks",
    "snapshot",
    "summarize",
]

_MODULES = {
    "BenchmarkResult": "result",
    "BenchmarkRunner": "runner",
    "Comparison": "comparison",
    "Measurement": "measuring",
    "MemoryProfiler": "memory",
    "ProgressBar": "progress",
    "Statistics": "statistic",
    "Timer": "timer",
    "acompare": "comparing",
    "benchmark": "collecting",
    "compare": "comparing",
    "diff": "moment",
    "draw_histogram": "drawing",
    "load_benchmarks": "loading",
    "measure": "measuring",
    "save_benchmarks": "saving",
    "snapshot": "moment",
    "summarize": "statistic",
}


if not TYPE_CHECKING:  # a checker knows the names above, and is to find the others wrong
    __getattr__, __dir__ = lazy_names(__name__, _MODULES)
