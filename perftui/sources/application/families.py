"""Which metric of which exporter means what: matched by suffix, labels by alias."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from perftui.sources.application.text import Series
from perftui.sources.numbers import real

_DURATION = re.compile(
    r"(?:^|_)(?:http_server_(?:request_)?duration|http_server_requests|requests?_(?:duration|latency))"
    r"_(?P<unit>seconds|milliseconds)(?:_by_view_method)?$"
)
_COUNTER = re.compile(r"(?:^|_)(?:requests?_total|django_http_responses(?:_total)?_by_status_view_method(?:_total)?)$")
_DB = "db_client_operation_duration_seconds"
_SUFFIX = re.compile(r"_(bucket|count|sum|max)$")
_ROUTES = ("http_route", "route", "handler", "path", "uri", "url_rule", "endpoint", "view", "http_target")
_STATUSES = ("http_response_status_code", "status_code", "status", "code", "http_status_code", "response_code")
_METHODS = ("http_request_method", "http_method", "method")
_OUTCOMES = {"CLIENT_ERROR": "4", "SERVER_ERROR": "5", "SUCCESS": "2", "REDIRECTION": "3", "INFORMATIONAL": "1"}
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
ACTIVE = re.compile(r"(?:http_server_active_requests|requests_in_progress|requests_inprogress)$")
CACHE = re.compile(r"^(?P<name>.*cache|redis_keyspace)_(?P<kind>hits|misses|sets|deletes|evictions)(?:_total)?$")
CASHEWS = "cashews_operations_latency_seconds"


class EndpointKey(NamedTuple):
    method: str
    route: str


class Histogram(NamedTuple):
    """The places of one series' parts; buckets by upper bound."""

    status: str
    counted: int | None
    summed: int | None
    buckets: tuple[tuple[float, int], ...]


class Family(NamedTuple):
    """One metric of durations, by endpoint or other key."""

    name: str
    scale_ms: float
    by_key: Mapping[EndpointKey, list[Histogram]]

    @property
    def rank(self) -> tuple[bool, bool, bool, int]:
        """Which one to read where an exporter has several: routes first, then buckets, then statuses."""
        some = next(iter(self.by_key.values()))[0]
        has_route = any(key.route != "(all)" for key in self.by_key)
        return has_route, bool(some.buckets), bool(some.status), len(self.by_key)


def is_wanted(name: str) -> bool:
    """Whether any reader here looks at this metric."""
    if name in SINGLES or CACHE.match(name) or ACTIVE.search(name) or name.startswith(CASHEWS):
        return True
    base = _SUFFIX.sub("", name)
    if base == _DB:
        return True
    return "client" not in name and bool(_DURATION.search(base) or _COUNTER.search(name))


def status_class(labels: Mapping[str, str]) -> str:
    """The first digit of the status, of `404` as of `4xx`; empty where there is none."""
    for alias in _STATUSES:
        if labels.get(alias):
            return labels[alias][0]
    return _OUTCOMES.get(labels.get("outcome", ""), "")


def endpoint_key(labels: Mapping[str, str]) -> EndpointKey:
    route = next((labels[alias] for alias in _ROUTES if labels.get(alias)), "(all)")
    method = next((labels[alias] for alias in _METHODS if labels.get(alias)), "")
    return EndpointKey(method[:20], route[:300])


def database_key(labels: Mapping[str, str]) -> EndpointKey:
    """Operation and collection in the places of method and route."""
    return EndpointKey(labels.get("db_operation_name", ""), labels.get("db_collection_name", ""))


def durations(series: Iterable[Series]) -> Family | None:
    """The best of the families of request durations."""
    families = [family for family in _families(series, database=False) if family.by_key]
    return max(families, key=lambda family: family.rank, default=None)


def database(series: Iterable[Series]) -> Family | None:
    return next(iter(_families(series, database=True)), None)


def counters(series: Iterable[Series]) -> dict[EndpointKey, list[tuple[str, int]]]:
    """Places of request counters with a status, of the metric that knows most endpoints."""
    by_name: dict[str, dict[EndpointKey, list[tuple[str, int]]]] = {}
    for place, one in enumerate(series):
        if _COUNTER.search(one.name) and status_class(one.labels):
            known = by_name.setdefault(one.name, {})
            known.setdefault(endpoint_key(one.labels), []).append((status_class(one.labels), place))
    return max(by_name.values(), key=lambda known: (any(key.route != "(all)" for key in known), len(known)), default={})


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
        yield Family(base, 1.0 if "milliseconds" in base else 1000.0, by_key)


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
