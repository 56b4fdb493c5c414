"""Which endpoints a report measures: those of the application's own metrics that can be asked as they are."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

from perftui.model.application import ApplicationMetrics, EndpointStats
from perftui.model.secret import Secret
from perftui.model.target import Connection
from perftui.model.text import safe_text

_PARAMETER = re.compile(r"[{}<>*()\[\]^$|\\]|/:")
"""What routes of some framework write for a part that varies."""


class Place(NamedTuple):
    """One URL to measure, and how it is reached."""

    connection: Connection
    url: Secret


class Found(NamedTuple):
    """What can be measured of one application, and sentences on what cannot."""

    places: list[Place]
    notes: list[str]
    unreachable: bool = False
    """Its metrics could not be read."""


async def endpoints_of(connection: Connection, most: int, paths: list[str]) -> Found:
    """The GET endpoints that took most time, at most so many, after the paths that were given."""
    from perftui.sources.application.source import ApplicationSource

    source = ApplicationSource(connection)
    try:
        sample = await source.poll()
    finally:
        await source.close()
    given = [Place(connection, _url(connection, path)) for path in paths]
    if not isinstance(sample.payload, ApplicationMetrics):
        failure = sample.failure
        words = f"{failure.message} {failure.help}".strip() if failure else "It serves no metrics."
        return Found(given, [f"endpoints of {connection.target.name}: {words}"], unreachable=True)
    return _chosen(connection, sample.payload, most, given)


def _chosen(connection: Connection, metrics: ApplicationMetrics, most: int, given: list[Place]) -> Found:
    """Notes say what varies and so needs an example, and what was beyond the number."""
    reading = [one for one in metrics.endpoints if one.method == "GET" and one.route.startswith("/")]
    varying = [one.route for one in reading if _PARAMETER.search(one.route)]
    own = urlsplit(connection.uri.reveal()).path
    fixed = [one for one in reading if one.route not in varying and one.route != own]
    fixed.sort(key=_time_taken, reverse=True)
    known = {place.url.reveal() for place in given}
    places = [Place(connection, _url(connection, one.route)) for one in fixed]
    places = [place for place in places if place.url.reveal() not in known]
    left = max(most - len(given), 0)
    notes = [f"GET {safe_text(route)} needs a value: give one by --path" for route in varying]
    if len(places) > left:
        notes.append(f"{len(places) - left} more endpoints took less time and were left out: see --endpoints")
    if not places and not given:
        notes.append(f"{connection.target.name} names no GET endpoint without parameters: give some by --path")
    return Found([*given, *places[:left]], notes)


def _time_taken(one: EndpointStats) -> tuple[float, int]:
    requests = one.requests or 0
    return requests * (one.latency_ms.p50 or 0.0), requests


def _url(connection: Connection, path: str) -> Secret:
    """The path on the application's host, with the login of its URL."""
    parts = urlsplit(connection.uri.reveal())
    wanted = urlsplit(path)
    return Secret(urlunsplit((parts.scheme, parts.netloc, wanted.path, wanted.query, "")))
