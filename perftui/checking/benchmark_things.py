"""What budgets can hold of a bench result: its benchmarks, and as endpoints those that are named like one."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from perftui.bench.bootstrap import quantile
from perftui.bench.result import BenchmarkResult
from perftui.model.budgets.budget import Budget
from perftui.model.budgets.figures import Figures, Held, Span
from perftui.model.budgets.limits import On
from perftui.model.budgets.things import Thing, benchmark_thing

_ENDPOINT = re.compile(r"(?P<method>[A-Z]{3,7}) (?:https?://[^/]+)?(?P<route>/[^?#]*)")


class _Samples:
    """Every sample is known. One of several calls is their mean."""

    def __init__(self, samples: tuple[float, ...]) -> None:
        self._ordered = sorted(samples)
        self.average_s = sum(samples) / len(samples)
        self.min_s, self.max_s = self._ordered[0], self._ordered[-1]

    def quantile_s(self, q: float) -> Span | None:
        found = quantile(self._ordered, q)
        return Span(found, found)

    def above(self, seconds: float) -> int | None:
        return sum(sample > seconds for sample in self._ordered)


def things_of_benchmarks(results: Iterable[BenchmarkResult]) -> Iterator[Thing]:
    yield from (_thing(result.name, _held(result)) for result in results)


def kinds_of_benchmarks(results: Iterable[BenchmarkResult]) -> frozenset[On]:
    """Endpoints too where some are named like one, as those of `perftui bench http` are."""
    named = any(_ENDPOINT.match(result.name) for result in results)
    return frozenset(("benchmark", "endpoint")) if named else frozenset(("benchmark",))


def remarks_on_benchmarks(results: Iterable[BenchmarkResult]) -> list[str]:
    """What makes a figure worth less than it looks."""
    several = [result for result in results if result.loops > 1 and result.samples]
    if not several:
        return []
    most = max(result.loops for result in several)
    return [f"samples are means of up to {most:,} calls: percentiles and extremes of single calls lie further out"]


def _thing(name: str, held: Held) -> Thing:
    return replace(benchmark_thing(name, lambda _budget: held), matches=lambda budget: _holds(budget, name))


def _holds(budget: Budget, name: str) -> bool:
    endpoint = _ENDPOINT.match(name)
    return budget.matches_benchmark(name) or (
        endpoint is not None and budget.matches(endpoint["method"], endpoint["route"])
    )


def _held(result: BenchmarkResult) -> Held:
    samples = result.samples
    if not samples:
        return Held(Figures(0), 1.0)
    latencies = _Samples(samples)
    lasted_s = result.duration_s or sum(samples) * result.loops or 1.0
    rate_per_s = 1 / latencies.average_s if latencies.average_s else None
    return Held(Figures(len(samples), lasted_s, latencies, rate_per_s=rate_per_s), lasted_s)
