"""Figures of a sample of durations, with the standard library only."""

from collections.abc import Sequence
from statistics import fmean, median, stdev

from perftui.bench.blocks import block_means, split
from perftui.bench.bootstrap import bootstrap_mean, quantile
from perftui.model.bench.statistics import Outliers, Statistics

_MILD, _SEVERE = 1.5, 3.0
"""Interquartile ranges from the nearest quartile: from there on a sample is an outlier."""


def summarize(samples: Sequence[float]) -> Statistics:
    """Figures of durations in seconds, in the order in which they were measured. Raises `ValueError` for none.

    >>> from perftui import summarize
    >>> figures = summarize([0.25, 0.5, 0.75])
    >>> figures.mean_s, figures.ops_per_s, figures.p90_s
    (0.5, 2.0, 0.7)
    """
    if not samples:
        raise ValueError("there is no sample")
    ordered = sorted(samples)
    mean = fmean(ordered)
    interval = bootstrap_mean(block_means(split(samples)))
    return Statistics(
        n=len(ordered),
        min_s=ordered[0],
        max_s=ordered[-1],
        mean_s=mean,
        median_s=median(ordered),
        sd_s=stdev(ordered) if len(ordered) > 1 else None,
        mad_s=mad(ordered),
        p50_s=quantile(ordered, 0.50),
        p75_s=quantile(ordered, 0.75),
        p90_s=quantile(ordered, 0.90),
        p95_s=quantile(ordered, 0.95),
        p99_s=quantile(ordered, 0.99),
        q1_s=quantile(ordered, 0.25),
        q3_s=quantile(ordered, 0.75),
        ops_per_s=1 / mean if mean > 0 else 0.0,
        mean_low_s=interval.low,
        mean_high_s=interval.high,
        outliers=_outliers(ordered),
    )


def mad(samples: Sequence[float]) -> float:
    """Median of the distances from the median."""
    middle = median(samples)
    return median(abs(sample - middle) for sample in samples)


def _outliers(ordered: Sequence[float]) -> Outliers:
    q1, q3 = quantile(ordered, 0.25), quantile(ordered, 0.75)
    mild, severe = _MILD * (q3 - q1), _SEVERE * (q3 - q1)
    low_severe = sum(sample < q1 - severe for sample in ordered)
    high_severe = sum(sample > q3 + severe for sample in ordered)
    return Outliers(
        low_severe=low_severe,
        low_mild=sum(sample < q1 - mild for sample in ordered) - low_severe,
        high_mild=sum(sample > q3 + mild for sample in ordered) - high_severe,
        high_severe=high_severe,
    )
