"""What a budget judges: one thing's figures over the budget's window, wherever they come from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

INFINITE = float("inf")


class Span(NamedTuple):
    """A figure that lies somewhere between these; equal where it is known."""

    low: float
    high: float


class Latencies(Protocol):
    """Seconds. `None` where nothing is known."""

    @property
    def average_s(self) -> float | None: ...
    @property
    def min_s(self) -> float | None: ...
    @property
    def max_s(self) -> float | None: ...
    def quantile_s(self, q: float) -> Span | None: ...
    def above(self, seconds: float) -> int | None:
        """How many took longer."""
        ...


class Counted(Protocol):
    """What the library's tallies are: durations by bucket, in microseconds."""

    @property
    def count(self) -> int: ...
    @property
    def sum_us(self) -> float: ...
    @property
    def min_us(self) -> float: ...
    @property
    def max_us(self) -> float: ...
    def quantile_s(self, q: float) -> float | None: ...
    def above(self, seconds: float) -> int: ...


class TallyLatencies:
    """Of a tally: everything is known."""

    def __init__(self, tally: Counted) -> None:
        self._tally = tally

    @property
    def average_s(self) -> float | None:
        return self._tally.sum_us / self._tally.count / 1e6 if self._tally.count else None

    @property
    def min_s(self) -> float | None:
        return self._tally.min_us / 1e6 if self._tally.count else None

    @property
    def max_s(self) -> float | None:
        return self._tally.max_us / 1e6 if self._tally.count else None

    def quantile_s(self, q: float) -> Span | None:
        found = self._tally.quantile_s(q) if self._tally.count else None
        return None if found is None else Span(found, found)

    def above(self, seconds: float) -> int | None:
        return self._tally.above(seconds)


class KnownQuantiles:
    """Where only some quantiles are known, in seconds: any other lies between its neighbours."""

    def __init__(
        self,
        quantiles: Mapping[float, Span],
        *,
        average_s: float | None = None,
        min_s: float | None = None,
        max_s: float | None = None,
    ) -> None:
        self._quantiles = sorted(quantiles.items())
        self.average_s, self.min_s, self.max_s = average_s, min_s, max_s

    def quantile_s(self, q: float) -> Span | None:
        known = dict(self._quantiles)
        if q in known:
            return known[q]
        if not known and self.max_s is None:
            return None
        low = max((span.low for at, span in self._quantiles if at < q), default=self.min_s or 0.0)
        above = [span.high for at, span in self._quantiles if at > q]
        high = min(above, default=INFINITE if self.max_s is None else self.max_s)
        return Span(low, max(low, high))

    def above(self, seconds: float) -> int | None:  # noqa: ARG002
        return None


@dataclass(frozen=True, slots=True)
class Figures:
    """`None` where it is not known, or where such a thing has no such figure."""

    count: int | None = None
    """Requests, executions or gets in the window."""
    covered_s: float | None = None
    """For how much of the window there are figures."""
    latency: Latencies | None = None
    errors: int | None = None
    error_rate: float | None = None
    """Where the number of errors is not known."""
    hits: int | None = None
    misses: int | None = None
    hit_rate: float | None = None
    """Where hits and misses are not known."""
    rate_per_s: float | None = None
    """Where it is known better than by count and time."""
    efficiency: float | None = None
    in_flight: int | None = None


class Held(NamedTuple):
    """One thing's figures and the time that they cover at most."""

    figures: Figures
    window_s: float | None = None
    """`None`: the budget's own window."""
