"""Whether a build fails on a comparison of two saved runs."""

from collections.abc import Sequence
from typing import NamedTuple

from perftui.bench.comparing import RunsCompared, compare_runs
from perftui.bench.result import BenchmarkResult
from perftui.model.bench.comparison import Comparison
from perftui.model.text import safe_text


class Gate(NamedTuple):
    """What was compared, by which rule, and the sentences that fail the build."""

    compared: RunsCompared
    threshold: float
    alpha: float
    fail_on: float | None
    failed: dict[str, str]
    """Why, by benchmark."""

    @property
    def failures(self) -> list[str]:
        """A sentence for each benchmark that fails the build."""
        return [f"{safe_text(name, 60)}: {safe_text(why)}" for name, why in self.failed.items()]


def judge(
    base: Sequence[BenchmarkResult],
    new: Sequence[BenchmarkResult],
    threshold: float,
    alpha: float,
    fail_on: float | None,
    *,
    noise: bool = False,
) -> Gate:
    """Compare, and fail what is surely slower by more than `fail_on`; with `noise` also what could not be judged."""
    compared = compare_runs(base, new, threshold, alpha)
    failed = {one.name: why for one in compared.comparisons if (why := _failure(one, fail_on, noise=noise))}
    if noise:
        known = {result.name for result in base}
        failed |= {name: f"not compared: {why}" for name, why in compared.skipped.items() if name in known}
    return Gate(compared, threshold, alpha, fail_on, failed)


def _failure(one: Comparison, fail_on: float | None, *, noise: bool) -> str:
    if fail_on is not None and one.is_slower_by(fail_on):
        return f"slower by {one.ratio - 1:.1%}, more than {fail_on * 100:g} %"
    return f"too noisy: {one.why}" if noise and one.verdict == "too noisy" else ""
