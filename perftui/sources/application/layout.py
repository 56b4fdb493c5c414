"""Where in the series of a page stands what: found anew when a series is new."""

import re
from collections.abc import Sequence

from perftui.sources.application import families
from perftui.sources.application.families import Counters, Histogram
from perftui.sources.application.labels import ALL, EndpointKey
from perftui.sources.application.text import Series

_PARTS = ("_bucket", "_count", "_sum", "_created")
_MANY_RAW_PATHS = 20
_RAW_PART = re.compile(r"/(?:\d+|[0-9a-fA-F-]{16,})(?=/|$)")


class Layout:
    """Families and places of one exporter's page."""

    def __init__(self, series: Sequence[Series] = ()) -> None:
        self.size = len(series)
        self.plain = [pair for pair in enumerate(series) if not pair[1].name.endswith(_PARTS)]
        """Those that are no parts of histograms, so that few are looked at in every poll."""
        self.active = [place for place, one in self.plain if families.ACTIVE.search(one.name)]
        self.durations, self._fine = families.durations(series)
        self.database = families.database(series)
        self.counters: Counters = families.counters(series)
        self.keys = self._keys()
        self.has_raw_paths = sum(bool(_RAW_PART.search(key.route)) for key in self.keys) >= _MANY_RAW_PATHS

    def histograms_of(self, key: EndpointKey) -> Sequence[Histogram]:
        return self.durations.by_key.get(key, ()) if self.durations else ()

    def counters_of(self, key: EndpointKey) -> Sequence[tuple[str, int]]:
        """Empty where the counters know no routes and the durations do: they count other endpoints too."""
        if key.route != ALL and not families.has_routes(self.counters):
            return ()
        return self.counters.get(key, ())

    def all_histograms(self) -> list[Histogram]:
        return self.durations.histograms() if self.durations else []

    def all_counters(self) -> list[tuple[str, int]]:
        return [pair for found in self.counters.values() for pair in found]

    def finest(self) -> list[Histogram]:
        """Those of the whole application with the narrowest buckets."""
        coarse = self.all_histograms()
        fine = self._fine.histograms() if self._fine else []
        return fine if _most_buckets(fine) > _most_buckets(coarse) else coarse

    def groups(self) -> list[list[int]]:
        """Places of each histogram: they are counted together."""
        found = [*self.all_histograms(), *self.finest(), *(self.database.histograms() if self.database else ())]
        return [one.places() for one in found]

    @property
    def scale_ms(self) -> float:
        return self.durations.scale_ms if self.durations else 1.0

    def _keys(self) -> list[EndpointKey]:
        """The endpoints, from the metric that knows their routes."""
        if self.durations is None or (families.has_routes(self.counters) and not self.durations.has_routes):
            return list(self.counters)
        return list(self.durations.by_key)


def _most_buckets(histograms: Sequence[Histogram]) -> int:
    return max((len(one.buckets) for one in histograms), default=0)
