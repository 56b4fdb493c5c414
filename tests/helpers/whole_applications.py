"""An application of several endpoints and two caches, and what ails all of it at once, told in figures."""

from typing import NamedTuple

from msgspec.structs import replace

from helpers.incidents import START, Change, Targets, endpoint, pool, set_figures, set_slot
from perftui.model.application import ApplicationProcess, ApplicationQueries, CacheStats, EndpointStats
from perftui.model.query import LatencySummary
from perftui.model.snapshot import SourceState

POOL = ApplicationQueries(pools=(pool(),))


class Asked(NamedTuple):
    """What a request of an endpoint takes on average."""

    average_ms: float
    query_ms: float = 0.0
    cache_ms: float = 0.0
    active: int = 1


USUALLY = {
    "/items": Asked(2.0, cache_ms=1.6),
    "/sessions": Asked(2.0, cache_ms=1.6),
    "/cats": Asked(4.0, 3.0),
    "/orders": Asked(6.0, 4.0),
    "/profile": Asked(5.0, 4.0),
    "/report": Asked(5.0, 2.0),
    "/legacy": Asked(4.0, 2.0),
}


def endpoints_of(asked: dict[str, Asked], requests: int = 20) -> tuple[EndpointStats, ...]:
    return tuple(_endpoint(route, one, requests) for route, one in asked.items())


def _endpoint(route: str, asked: Asked, requests: int) -> EndpointStats:
    one = endpoint(route, asked.average_ms, requests, active=asked.active)
    assert one.recent is not None
    number = requests if asked.query_ms else 0
    recent = replace(one.recent, queries=number, query_ms=requests * asked.query_ms, cache_ms=requests * asked.cache_ms)
    return replace(one, recent=recent)


def unread(average_ms: float, active: int) -> tuple[EndpointStats, ...]:
    """As the first reading tells of them: of their whole window alone."""
    return tuple(
        EndpointStats(
            method="GET", route=route, requests=90, per_s=3.0, active=active,
            latency_ms=LatencySummary(average=average_ms),
        )
        for route in USUALLY
    )  # fmt: skip


def play(
    endpoints: tuple[EndpointStats, ...], *, document_ms: float = 20.0, uptime_s: float = 9e5, cpu: float = 0.1
) -> Change:
    def change(targets: Targets, _at: float, passed: int) -> None:
        process = ApplicationProcess(cpu_share=cpu, uptime_s=uptime_s + passed, workers=1)
        set_figures(targets, "application", "application", endpoints=endpoints, queries=POOL, process=process)
        source = SourceState(
            source="application.metrics", interval_s=1.0, read_at=START, slot="application", latency_ms=document_ms
        )
        set_slot(targets, "application", sources=(source,))

    return change


HEALTHY = play(endpoints_of(USUALLY))


def blocked_loop(targets: Targets, at: float, passed: int) -> None:
    """One handler sleeps; the others wait for the loop, mostly in their queries and caches, now and then elsewhere."""
    elsewhere = 300.0 if passed % 3 else 2.0
    asked = {
        route: Asked(400.0, 400.0 - elsewhere, active=6)
        if one.query_ms
        else Asked(300.0, cache_ms=300.0 - elsewhere, active=6)
        for route, one in USUALLY.items()
    }
    asked["/legacy"] = Asked(650.0, 290.0, active=6)
    play(endpoints_of(asked), document_ms=900.0)(targets, at, passed)


def slower_mongodb(factor: float = 25.0, routes: int = 5) -> dict[str, Asked]:
    """So many of those that ask it wait so many times as long for it."""
    asking = [route for route, one in USUALLY.items() if one.query_ms][:routes]
    more = {route: USUALLY[route].query_ms * (factor - 1) for route in asking}
    return {
        route: one._replace(
            average_ms=one.average_ms + more.get(route, 0.0), query_ms=one.query_ms + more.get(route, 0.0)
        )
        for route, one in USUALLY.items()
    }


def lost_cache(targets: Targets, at: float, passed: int) -> None:
    caches(0.0, window=0.45)(targets, at, passed)


def caches(pages: float, sessions: float = 0.98, *, per_s: float = 12.0, window: float | None = None) -> Change:
    """Hit rates of two caches; `window`: what the document says of all of its own."""

    def change(targets: Targets, at: float, passed: int) -> None:
        HEALTHY(targets, at, passed)
        both = (
            CacheStats(name="pages", hit_rate=window, hit_rate_now=pages, gets_per_s=per_s),
            CacheStats(name="sessions", hit_rate=window, hit_rate_now=sessions, gets_per_s=25.0),
        )
        set_figures(targets, "application", "application", caches=both)

    return change
