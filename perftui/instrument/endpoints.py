"""Endpoints: a series for every method, route and status, bounded."""

from collections.abc import Iterator

from perftui.instrument.series import Series

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
OTHER_METHOD = "(other)"
UNMATCHED = "(unmatched)"
OVERFLOW = "(other)"
"""The route that stands for all beyond the bound."""

Key = tuple[str, str, int]


class EndpointTable:
    """Records under the registry's lock."""

    def __init__(self, max_series: int) -> None:
        self.max_series = max_series
        self.series: dict[Key, Series] = {}
        self.active = 0
        self.overflowed = 0

    def record(self, method: str, route: str, status: int, now: float, seconds: float) -> None:
        series = self.series.get((method, route, status))
        if series is None:
            series = self._new(method, route, status)
        series.record(now, seconds)

    def clear(self, now: float) -> None:
        for series in self.series.values():
            series.clear(now)

    def grouped(self) -> Iterator[tuple[tuple[str, str], list[tuple[int, Series]]]]:
        """Each method and route with its statuses."""
        groups: dict[tuple[str, str], list[tuple[int, Series]]] = {}
        for (method, route, status), series in self.series.items():
            groups.setdefault((method, route), []).append((status, series))
        yield from groups.items()

    def _new(self, method: str, route: str, status: int) -> Series:
        key = (method if method in METHODS else OTHER_METHOD, route[:300], status if 100 <= status <= 599 else 599)
        if key not in self.series and len(self.series) >= self.max_series:
            self.overflowed += 1
            key = (OTHER_METHOD, OVERFLOW, key[2])
        return self.series.setdefault(key, Series())
