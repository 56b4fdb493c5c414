"""What a benchmark measured: its samples as they came, in blocks, and what is known about how they came about."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import msgspec

from perftui.model.base import Model
from perftui.model.bench.samples import Fact, Pass

if TYPE_CHECKING:
    from perftui.model.bench.statistics import Statistics


class BenchmarkResult(Model, frozen=True, kw_only=True, dict=True):
    """One benchmark's samples: each the seconds that one call took, the mean of `loops` calls in a row.

    >>> from perftui import BenchmarkResult
    >>> result = BenchmarkResult(name="sort", blocks=((0.010, 0.012), (0.011, 0.011)))
    >>> result.samples
    (0.01, 0.012, 0.011, 0.011)
    >>> round(result.statistics.mean_s, 6), result.statistics.n
    (0.011, 4)
    """

    name: str
    blocks: tuple[tuple[float, ...], ...]
    """Seconds a call, in the order of time. Between two blocks others may have had their turn."""
    passes: tuple[Pass, ...] = ()
    """Where it was measured in several passes, of a process each: what belongs to each."""
    loops: int = 1
    """Calls a sample."""
    warmups: tuple[float, ...] = ()
    """Seconds a call of the samples before it was steady; they count in no figure."""
    together: str | None = None
    """The same for benchmarks whose blocks were measured in turns."""
    facts: dict[str, Fact] = {}
    """Of the machine, the Python and the code, under pyperf's names."""
    warnings: tuple[str, ...] = ()
    """What was seen while it ran and makes the figures worth less; more of them come from the figures themselves."""
    started_at: float | None = None
    duration_s: float | None = None

    def __add__(self, later: "BenchmarkResult") -> "BenchmarkResult":
        """Both runs' passes, one after the other; they are no longer measured in turns with others."""
        return msgspec.structs.replace(
            later,
            blocks=(*self.blocks, *later.blocks),
            passes=(*self._own_passes(), *later._own_passes()),
            warmups=(*self.warmups, *later.warmups),
            together=None,
            warnings=tuple(dict.fromkeys((*self.warnings, *later.warnings))),
            started_at=self.started_at,
            duration_s=(self.duration_s or 0.0) + (later.duration_s or 0.0) or None,
        )

    def _own_passes(self) -> tuple[Pass, ...]:
        return self.passes or (Pass(blocks=len(self.blocks), started_at=self.started_at),)

    @cached_property
    def samples(self) -> tuple[float, ...]:
        """All blocks' samples, in the order of time."""
        return tuple(sample for block in self.blocks for sample in block)

    @property
    def independent_blocks(self) -> Sequence[Sequence[float]]:
        """What a test takes its means of: passes, where they are several, else blocks."""
        from perftui.bench.blocks import blocks_of

        return blocks_of(self.blocks, [one.blocks for one in self.passes])

    @cached_property
    def statistics(self) -> "Statistics":
        """Of all samples. Raises `ValueError` where there are none."""
        from perftui.bench.statistic import summarize

        return summarize(self.samples)


def joined(before: Sequence[BenchmarkResult], later: Sequence[BenchmarkResult]) -> list[BenchmarkResult]:
    """Both runs as one, benchmark by benchmark of the same name."""
    known = {result.name: result for result in before}
    for result in later:
        known[result.name] = known[result.name] + result if result.name in known else result
    return list(known.values())
