"""Figures of a sample of durations."""

from perftui.model.base import Model


class Outliers(Model, frozen=True, kw_only=True):
    """Samples far from the middle half, by Tukey's fences: mild from 1.5 interquartile ranges on, severe from 3."""

    low_severe: int = 0
    low_mild: int = 0
    high_mild: int = 0
    high_severe: int = 0

    @property
    def count(self) -> int:
        """All four together."""
        return self.low_severe + self.low_mild + self.high_mild + self.high_severe


class Statistics(Model, frozen=True, kw_only=True):
    """Figures of a sample, in seconds; see `docs/benchmarking.md` for what each is good for.

    >>> from perftui import summarize
    >>> figures = summarize([0.010, 0.011, 0.012, 0.013, 0.030])
    >>> figures.median_s, figures.min_s, figures.outliers.high_severe
    (0.012, 0.01, 1)
    """

    n: int
    min_s: float
    max_s: float
    mean_s: float
    median_s: float
    sd_s: float | None
    """Standard deviation of the sample (n - 1); `None` for one sample."""
    mad_s: float
    """Median of the distances from the median, not scaled."""
    p50_s: float
    p75_s: float
    p90_s: float
    p95_s: float
    p99_s: float
    q1_s: float
    q3_s: float
    ops_per_s: float
    """Operations a second: 1 / mean."""
    mean_low_s: float
    mean_high_s: float
    """Where the mean lies with 95 % confidence: a bootstrap over the means of blocks, since neighbours are alike."""
    outliers: Outliers = Outliers()
