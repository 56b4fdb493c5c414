"""What the demo's application did in one run of its load, from its own metrics and from the server's counters."""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import TYPE_CHECKING, NamedTuple

from perftui.demo.caches import RESPONSES
from perftui.demo.documents import CATEGORIES, TOPICS
from perftui.demo.session import METRICS_PATH, DemoSession
from perftui.model.base import Model

if TYPE_CHECKING:
    import httpx

    from perftui.model.metrics import MetricsDocument

RELOAD = {"Cache-Control": "no-cache"}
PROBES: dict[str, Callable[[Random], str]] = {
    "category query": lambda source: f"/api/prompts?category={source.choice(CATEGORIES)}",
    "text search": lambda source: f"/api/prompts/search?q={source.choice(TOPICS)}",
    "popular prompts": lambda _source: "/api/prompts/popular",
}
"""Queries that are asked past the cache, so that each call is one execution."""
_ENDED_TIMEOUT_S = 600.0


class LoadFigures(Model, frozen=True, kw_only=True):
    """One run of the load."""

    calls: int
    answered: int
    failed: int
    given_up: int
    p50_ms: float | None
    p95_ms: float | None
    hit_rate: float | None
    operations_per_request: float | None
    documents_examined_per_request: float | None


class QueryFigures(Model, frozen=True, kw_only=True):
    """One query, asked so many times past the cache; latencies as the application saw them."""

    executions: int
    p50_ms: float | None
    p95_ms: float | None
    shape: str


class Counted(NamedTuple):
    """The server's own counters."""

    documents_examined: int


@contextmanager
def visitor(session: DemoSession) -> "Iterator[httpx.Client]":
    """A client of the application that may clear its metrics."""
    import httpx

    headers = {"Authorization": session.bearer.reveal()}
    with httpx.Client(base_url=session.application_url, timeout=60.0, headers=headers, trust_env=False) as client:
        yield client


def run_load(session: DemoSession, calls: int, *, progress: Callable[[], None]) -> LoadFigures:
    """The first `calls` calls of the load, from cleared metrics on. `progress` is called a few times a second."""
    with visitor(session) as client:
        _clear(client)
        before = _counted(session)
        visitors = session.start_visitors(calls)
        _wait(visitors.wait, progress)
        visits = json.loads(visitors.last_words(1))
        document = _read(client)
        examined = _counted(session).documents_examined - before.documents_examined
    return _load_figures(calls, visits, document, examined)


def probe(session: DemoSession, times: int, seed: int) -> dict[str, QueryFigures]:
    """Each of `PROBES`, one call after the other."""
    with visitor(session) as client:
        return {name: _probe(client, path, times, Random(f"{name} {seed}")) for name, path in PROBES.items()}  # noqa: S311 - a load, no secret


def _probe(client: "httpx.Client", path: Callable[[Random], str], times: int, source: Random) -> QueryFigures:
    client.get(path(source), headers=RELOAD).raise_for_status()
    _clear(client)
    for _ in range(times):
        client.get(path(source), headers=RELOAD).raise_for_status()
    query = _read(client).query
    shapes = query.shapes if query is not None else ()
    # A search by regular expressions tries `$text` too, a few times: the other shape is the one asked about.
    most = max(shapes, key=lambda shape: shape.count)
    return QueryFigures(
        executions=most.count,
        p50_ms=_ms(most.latency.p50_s),
        p95_ms=_ms(most.latency.p95_s),
        shape=most.shape,
    )


def _load_figures(calls: int, visits: dict[str, int], document: "MetricsDocument", examined: int) -> LoadFigures:
    api, query, caches = document.api, document.query, document.cache or {}
    requests = api.requests if api is not None else 0
    operations = None if query is None else query.count + sum(shape.get_mores or 0 for shape in query.shapes)
    cache = caches.get(RESPONSES)
    return LoadFigures(
        calls=calls,
        **visits,
        p50_ms=None if api is None else _ms(api.latency.p50_s),
        p95_ms=None if api is None else _ms(api.latency.p95_s),
        hit_rate=None if cache is None else cache.hit_rate,
        operations_per_request=_each(operations, requests),
        documents_examined_per_request=_each(examined, requests),
    )


def _counted(session: DemoSession) -> Counted:
    with session.mongod.client(appname="perftui-demo") as client:
        status = client.admin.command("serverStatus")
    return Counted(int(status["metrics"]["queryExecutor"]["scannedObjects"]))


def _clear(client: "httpx.Client") -> None:
    client.post(METRICS_PATH + ":clear", json={"type": "all"}).raise_for_status()


def _read(client: "httpx.Client") -> "MetricsDocument":
    import msgspec

    from perftui.model.metrics import MetricsDocument

    answer = client.get(METRICS_PATH, params={"window": "60m", "top": "200"}).raise_for_status()
    return msgspec.json.decode(answer.content, type=MetricsDocument)


def _wait(wait: Callable[[float], int], progress: Callable[[], None]) -> None:
    for _ in range(int(_ENDED_TIMEOUT_S * 4)):
        try:
            wait(0.25)
        except subprocess.TimeoutExpired:
            progress()
        else:
            return
    raise TimeoutError


def _each(total: int | None, requests: int) -> float | None:
    return total / requests if total is not None and requests else None


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1000
