"""Counts, rates, shares of errors and latencies from what grew."""

from collections.abc import Callable, Sequence

from perftui.model.application import RecentRequests, Uncertainty
from perftui.model.query import LatencySummary
from perftui.sources.application.counting import Growth
from perftui.sources.application.families import Histogram
from perftui.sources.application.labels import CLIENT_LEFT, UNANSWERED, UNCLEAR
from perftui.sources.application.quantiles import Quantile, quantile
from perftui.sources.numbers import real, whole

_SERVER_ERRORS, _CLIENT_ERRORS = ("5", UNANSWERED), ("4",)
Counted = Sequence[tuple[str, int]]
"""Class of the status and place of each counter."""


class Figures:
    """Latencies and shares are of the window, or since the start until something came in it."""

    def __init__(self, growth: Growth, window_s: float) -> None:
        self._growth, self._window_s = growth, window_s

    def count(self, histograms: Sequence[Histogram], counters: Counted = ()) -> int:
        """Since the application's start."""
        return self._count(histograms, counters, self._growth.total)

    def busyness(self, places: Sequence[int]) -> tuple[float, float]:
        """Larger for what had more requests in the window, then since the start: a lifetime says little of today."""
        return sum(map(self._growth.in_window, places)), sum(map(self._growth.total, places))

    def per_s(self, histograms: Sequence[Histogram], counters: Counted) -> float | None:
        elapsed = self._growth.elapsed_s
        return self._count(histograms, counters, self._growth.step) / elapsed if elapsed else None

    def error_shares(self, histograms: Sequence[Histogram], counters: Counted) -> tuple[float | None, float | None]:
        """5xx and 4xx (and 499) of all. A request that an exception left without an answer is one of the first."""
        places = [pair for pair in _with_status(histograms) or counters if pair[0] != UNCLEAR]
        for of in self._periods():
            counted = sum(of(place) for _, place in places)
            if counted > 0:
                server = sum(of(place) for status, place in places if status in _SERVER_ERRORS)
                client = sum(of(place) for status, place in places if status in ("4", CLIENT_LEFT))
                return real(server / counted), real(client / counted)
        return None, None

    def latency(self, histograms: Sequence[Histogram], scale_ms: float) -> tuple[LatencySummary, Uncertainty | None]:
        """With the bounds of its p95; `scale_ms` is a unit of the metric in milliseconds."""
        for of in self._periods():
            counted = sum(of(one.counted) for one in histograms if one.counted is not None)
            if counted > 0:
                return _summary(histograms, of, counted, scale_ms)
        return LatencySummary(), None

    def recent(self, histograms: Sequence[Histogram], counters: Counted, scale_ms: float) -> RecentRequests | None:
        """What grew since the reading before."""
        step, elapsed = self._growth.step, self._growth.elapsed_s
        if not elapsed:
            return None
        timed = [one for one in histograms if one.counted is not None and one.summed is not None]
        counted = sum(step(one.counted) for one in timed if one.counted is not None)
        summed = sum(step(one.summed) for one in timed if one.summed is not None)
        places = _with_status(histograms) or counters
        return RecentRequests(
            span_s=elapsed,
            requests=self._count(histograms, counters, step),
            average_ms=real(summed / counted * scale_ms) if counted > 0 else None,
            server_errors=_counted(step, places, _SERVER_ERRORS),
            client_errors=_counted(step, places, _CLIENT_ERRORS),
        )

    def _periods(self) -> Sequence[Callable[[int], float]]:
        is_full = (self._growth.covered_s or 0.0) >= self._window_s
        return (self._growth.in_window,) if is_full else (self._growth.in_window, self._growth.total)

    def _count(self, histograms: Sequence[Histogram], counters: Counted, of: Callable[[int], float]) -> int:
        return whole(round(sum(map(of, places_counted(histograms, counters))))) or 0


def places_counted(histograms: Sequence[Histogram], counters: Counted) -> list[int]:
    """Those of the counters where only they know statuses: django-prometheus times a request that fails twice."""
    known = _with_status(histograms) or counters
    return [place for _, place in known] or [one.counted for one in histograms if one.counted is not None]


def _counted(of: Callable[[int], float], places: Counted, statuses: Sequence[str]) -> int | None:
    """`None` where no statuses are known."""
    return whole(round(sum(of(place) for status, place in places if status in statuses))) if places else None


def _with_status(histograms: Sequence[Histogram]) -> Counted:
    """All of them, or none where they know no statuses."""
    known = [(one.status, one.counted) for one in histograms if one.counted is not None]
    return known if any(status for status, _ in known) else ()


def _summary(
    histograms: Sequence[Histogram], of: Callable[[int], float], counted: float, scale_ms: float
) -> tuple[LatencySummary, Uncertainty | None]:
    total = sum(of(one.summed) for one in histograms if one.summed is not None) * scale_ms
    has_sum = any(one.summed is not None for one in histograms)
    merged: dict[float, float] = {}
    for one in histograms:
        for bound, place in one.buckets:
            merged[bound] = merged.get(bound, 0.0) + of(place)
    buckets = sorted(merged.items())
    p50, p95, p99 = (quantile(buckets, q, scale_ms) for q in (0.5, 0.95, 0.99))
    summary = LatencySummary(
        average=real(total / counted) if has_sum else None,
        p50=_value(p50),
        p95=_value(p95),
        p99=_value(p99),
        total=total,
    )
    return summary, None if p95 is None else p95.bounds


def _value(found: Quantile | None) -> float | None:
    return None if found is None else found.value
