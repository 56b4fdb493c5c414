"""Quantiles from cumulative buckets, with how sure they are."""

from collections.abc import Sequence
from typing import NamedTuple

from perftui.model.application import Uncertainty


class Quantile(NamedTuple):
    value: float
    bounds: Uncertainty


def quantile(buckets: Sequence[tuple[float, float]], q: float, scale: float = 1.0) -> Quantile | None:
    """Of `(upper bound, cumulative count)` in order, linear inside a bucket.

    In the open bucket the last finite bound is given, with no upper bound. `None` where nothing was counted.
    """
    if not buckets or buckets[-1][1] <= 0:
        return None
    rank, low, below = q * buckets[-1][1], 0.0, 0.0
    for bound, cumulative in buckets:
        if cumulative >= rank and cumulative > below:
            if bound == float("inf"):
                return Quantile(low * scale, Uncertainty(low=low * scale))
            share = (rank - below) / (cumulative - below)
            value = low + (bound - low) * share
            return Quantile(value * scale, Uncertainty(low=low * scale, high=bound * scale))
        low, below = (bound if bound != float("inf") else low), max(below, cumulative)
    return Quantile(low * scale, Uncertainty(low=low * scale))
