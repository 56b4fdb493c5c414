"""Compares results, functions or whole saved runs."""

from collections.abc import Sequence
from typing import NamedTuple

from perftui.bench.comparison import ALPHA, THRESHOLD, compare_results
from perftui.bench.machine import differences
from perftui.bench.result import BenchmarkResult
from perftui.bench.runner import BenchmarkRunner
from perftui.bench.subject import Function
from perftui.model.bench.comparison import Comparison


def compare(
    *subjects: BenchmarkResult | Function,
    runner: BenchmarkRunner | None = None,
    threshold: float = THRESHOLD,
    alpha: float = ALPHA,
) -> list[Comparison]:
    """Compare the second and each later subject with the first: results, or functions, which are measured in turns.

    A verdict of faster or slower needs a ratio beyond `threshold` (a share) and p < `alpha`. Raises `ValueError` for
    fewer than two subjects or for results and functions mixed; what the functions raise.

    >>> from perftui import BenchmarkRunner, compare
    >>> def base():
    ...     return sum(range(1000))
    >>> def twice():
    ...     return sum(range(2000))
    >>> (found,) = compare(base, twice, runner=BenchmarkRunner(max_iterations=200_000, max_seconds=0.5))
    >>> found.base, found.name, found.verdict in ("slower", "too noisy")
    ('base', 'twice', True)
    """
    if len(subjects) < 2:
        raise ValueError("two or more are needed to compare")
    base, *others = _measured(subjects, runner or BenchmarkRunner())
    return [compare_results(base, other, threshold, alpha) for other in others]


async def acompare(
    *functions: Function,
    runner: BenchmarkRunner | None = None,
    threshold: float = THRESHOLD,
    alpha: float = ALPHA,
) -> list[Comparison]:
    """As `compare`, for functions and coroutine functions in the running event loop.

    >>> import asyncio
    >>> from perftui import BenchmarkRunner, acompare
    >>> async def short():
    ...     await asyncio.sleep(0)
    >>> async def long():
    ...     await asyncio.sleep(0.002)
    >>> runner = BenchmarkRunner(iterations=20, warmup=2)
    >>> asyncio.run(acompare(short, long, runner=runner))[0].verdict
    'slower'
    """
    if len(functions) < 2:
        raise ValueError("two or more are needed to compare")
    base, *others = await (runner or BenchmarkRunner()).arun_together(functions)
    return [compare_results(base, other, threshold, alpha) for other in others]


class RunsCompared(NamedTuple):
    """Two saved runs, benchmark by benchmark of the same name."""

    comparisons: list[Comparison]
    skipped: dict[str, str]
    """Benchmarks that were not compared, and why."""
    remarks: list[str]
    """What makes the runs hard to compare: another machine, another Python."""


def compare_runs(
    base: Sequence[BenchmarkResult],
    new: Sequence[BenchmarkResult],
    threshold: float = THRESHOLD,
    alpha: float = ALPHA,
) -> RunsCompared:
    """Compare what has the same name in both."""
    before, now = {result.name: result for result in base}, {result.name: result for result in new}
    skipped = {name: "it is only in the base" for name in before if name not in now}
    skipped |= {name: "it is not in the base" for name in now if name not in before}
    comparisons, remarks = [], dict[str, None]()
    for name in (name for name in before if name in now):
        try:
            comparisons.append(compare_results(before[name], now[name], threshold, alpha))
        except ValueError as reason:
            skipped[name] = str(reason)
        remarks.update(dict.fromkeys(differences(before[name].facts, now[name].facts)))
    return RunsCompared(comparisons, skipped, list(remarks))


def _measured(subjects: Sequence[BenchmarkResult | Function], runner: BenchmarkRunner) -> list[BenchmarkResult]:
    results = [subject for subject in subjects if isinstance(subject, BenchmarkResult)]
    if results and len(results) < len(subjects):
        raise ValueError("results are compared with results, functions with functions")
    return results or runner.run_together([one for one in subjects if not isinstance(one, BenchmarkResult)])
