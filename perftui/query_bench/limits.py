"""How much a benchmark may ask of a server."""

from dataclasses import dataclass

from perftui.bench.progress import Progress
from perftui.bench.runner import BenchmarkRunner

MOST_ITERATIONS = 1_000


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Of each query: time, and timed executions; of each execution: the server's time, and what is read of a result."""

    max_seconds: float = 5.0
    max_iterations: int = MOST_ITERATIONS
    iterations: int | None = None
    warmup: int | None = None
    operation_s: float = 10.0
    """Every command's maxTimeMS."""
    most_documents: int = 10_000
    """Of a longer result the rest is not fetched."""

    @property
    def operation_ms(self) -> int:
        return max(int(self.operation_s * 1000), 1)

    def runner(self, progress: Progress) -> BenchmarkRunner:
        """One at a time, one call a sample: a percentile is one of single executions."""
        return BenchmarkRunner(
            iterations=self.iterations,
            warmup=self.warmup,
            max_seconds=self.max_seconds,
            max_iterations=self.max_iterations,
            min_sample_s=0.0,
            progress=progress,
        )
