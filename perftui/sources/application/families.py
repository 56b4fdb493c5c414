"""Which metric of which exporter means what: matched by suffix, labels by alias."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from perftui.sources.application.labels import (
    ALL,
    UNANSWERED,
    UNMATCHED,
    EndpointKey,
    database_key,
    endpoint_key,
    status_class,
)
from perftui.sources.application.text import Series
from perftui.sources.numbers import real

_DURATION = re.compile(
    r"(?:^|_)(?:http_server_(?:request_)?duration|http_server_requests|requests?_(?:duration|latency)(?:_highr)?)"
    r"_(?P<unit>seconds|milliseconds|ms)(?:_by_view_method)?$"
)
_COUNTER = re.compile(r"(?:^|_)(?:requests?_total|django_http_responses(?:_total)?_by_status_view_method(?:_total)?)$")
_OF_OTHERS = re.compile(r"client|^promhttp_")
"""Requests that were sent, and those for the metrics themselves."""
_T = TypeVar("_T")
_DB = "db_client_operation_duration_seconds"
_SUFFIX = re.compile(r"_(bucket|count|sum|max)$")
SINGLES = frozenset(
    {
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
        "process_start_time_seconds",
        "process_cpu_usage",
        "process_uptime_seconds",
        "target_info",
    }
)
ACTIVE = re.compile(r"(?:http_server_active_requests|requests_in_progress|requests_inprogress|requests_in_flight)$")

Counters = Mapping[EndpointKey, list[tuple[str, int]]]
"""Class of the status and place of each counter of an endpoint."""


class Histogram(NamedTuple):
    """The places of one series' parts; buckets by upper bound."""

    status: str
    counted: int | None
    summed: int | None
    buckets: tuple[tuple[float, int], ...]

    def places(self) -> list[int]:
        ends = [place for place in (self.counted, self.summed) if place is not None]
        return ends + [place for _, place in self.buckets]


class Family(NamedTuple):
    """One metric of durations, by endpoint or other key."""

    name: str
    scale_ms: float
    by_key: Mapping[EndpointKey, list[Histogram]]

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """Which one to read where an exporter has several: routes first, then buckets, then statuses."""
        return self.has_routes, self.has_buckets, any(one.status for one in self.histograms()), len(self.by_key)

    @property
    def has_routes(self) -> bool:
        return has_routes(self.by_key)

    @property
    def has_buckets(self) -> bool:
        return any(one.buckets for one in self.histograms())

    def histograms(self) -> list[Histogram]:
        return [one for found in self.by_key.values() for one in found]


def has_routes(keys: Iterable[EndpointKey]) -> bool:
    return any(key.route != ALL for key in keys)


def is_wanted(name: str) -> bool:
    """Whether endpoints, queries or the process are read from this metric."""
    if name in SINGLES or ACTIVE.search(name):
        return not name.startswith("promhttp_")
    base = _SUFFIX.sub("", name)
    return base == _DB or (not _OF_OTHERS.search(name) and bool(_DURATION.search(base) or _COUNTER.search(name)))


def is_creation(name: str) -> bool:
    """Whether it tells when a series of requests began: `_created`, in seconds since 1970."""
    base, suffix, rest = name.rpartition("_created")
    if not suffix or rest or _OF_OTHERS.search(name):
        return False
    return bool(_DURATION.search(base) or _COUNTER.search(base) or _COUNTER.search(base + "_total"))


def durations(series: Iterable[Series]) -> tuple[Family | None, Family | None]:
    """The best of the families of request durations, and its finer twin without routes, if it has one."""
    families = {family.name: family for family in _families(series, database=False)}
    coarse = [family for name, family in families.items() if "_highr_" not in name]
    best = max(coarse, key=lambda family: family.rank, default=None)
    if best is None:
        return next(iter(families.values()), None), None
    return best, families.get(best.name.replace("_seconds", "_highr_seconds"))


def database(series: Iterable[Series]) -> Family | None:
    return next(iter(_families(series, database=True)), None)


def counters(series: Iterable[Series]) -> Counters:
    """Request counters with a status, of the metric that knows most endpoints."""
    by_name: dict[str, dict[EndpointKey, list[tuple[str, int]]]] = {}
    for place, one in enumerate(series):
        if _COUNTER.search(one.name) and not _OF_OTHERS.search(one.name) and (status := status_class(one.labels)):
            known = by_name.setdefault(one.name, {})
            known.setdefault(endpoint_key(one.labels), []).append((status, place))
    named = [_named(known) for known in by_name.values()]
    return max(named, key=lambda known: (has_routes(known), len(known)), default={})


def _families(series: Iterable[Series], *, database: bool) -> Iterable[Family]:
    parts: dict[str, dict[frozenset[tuple[str, str]], _Parts]] = {}
    for place, one in enumerate(series):
        suffix = _SUFFIX.search(one.name)
        base = one.name[: suffix.start()] if suffix else ""
        fits = base == _DB if database else bool(_DURATION.search(base))
        if suffix is None or not fits or suffix[1] == "max":
            continue
        labels = frozenset((name, value) for name, value in one.labels.items() if name not in ("le", "quantile"))
        known = parts.setdefault(base, {}).setdefault(labels, _Parts())
        if suffix[1] == "bucket":
            known.add_bucket(one.labels.get("le", ""), place)
        elif suffix[1] == "count":
            known.count = place
        else:
            known.sum = place
    for base, by_labels in parts.items():
        by_key: dict[EndpointKey, list[Histogram]] = {}
        for labels, found in by_labels.items():
            plain = dict(labels)
            key = database_key(plain) if database else endpoint_key(plain)
            by_key.setdefault(key, []).append(found.histogram(status_class(plain)))
        found_unit = _DURATION.search(base)
        scale = 1000.0 if found_unit is None or found_unit["unit"] == "seconds" else 1.0
        yield Family(base, scale, by_key if database else _named(_answered(by_key)))


def _answered(by_key: Mapping[EndpointKey, list[Histogram]]) -> dict[EndpointKey, list[Histogram]]:
    """Where all others have a status, one without had no answer: OpenTelemetry's, when an exception passes it."""
    if not any(one.status for found in by_key.values() for one in found):
        return dict(by_key)
    return {key: [one._replace(status=one.status or UNANSWERED) for one in found] for key, found in by_key.items()}


def _named(by_key: Mapping[EndpointKey, list[_T]]) -> dict[EndpointKey, list[_T]]:
    """Without a route is what no route took, or everything where none is named at all."""
    missing = UNMATCHED if any(key.route for key in by_key) else ALL
    named: dict[EndpointKey, list[_T]] = {}
    for key, found in by_key.items():
        named.setdefault(key if key.route else EndpointKey(key.method, missing), []).extend(found)
    return named


class _Parts:
    def __init__(self) -> None:
        self.count: int | None = None
        self.sum: int | None = None
        self.buckets: list[tuple[float, int]] = []

    def add_bucket(self, bound: str, place: int) -> None:
        try:
            number = float(bound)
        except ValueError:
            return
        if number == float("inf") or real(number) is not None:
            self.buckets.append((number, place))

    def histogram(self, status: str) -> Histogram:
        self.buckets.sort()
        infinite = self.buckets[-1][1] if self.buckets and self.buckets[-1][0] == float("inf") else None
        return Histogram(status, infinite if self.count is None else self.count, self.sum, tuple(self.buckets))
