"""What a request costs more behind each instrumentation, in one run: `python -m tests.benchmarks.instrument.requests`.

The application is called directly, without a server, so that nothing hides the difference. The least of many short
turns, which alternate between all, stands for each: on a machine that others use the least is what repeats. The table
gives microseconds over the bare application, and how many times perftui's that is; take the ratios.
"""

import argparse
import asyncio
import gc
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from importlib.util import find_spec
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from perftui.instrument import ASGIMiddleware, Registry

ASGIApp = Callable[[Any, Any, Any], Awaitable[None]]
ROUTES = (1, 50, 500)
PER_TURN = 100


async def home(_request: Request) -> Response:
    return PlainTextResponse("x")


def bare(routes: int) -> Any:
    """The route that is asked for is the first, so that the router's own search costs the same for any number."""
    return Starlette(routes=[Route(f"/items{at or ''}/{{id}}", home) for at in range(routes)])


def perftui(app: Any) -> ASGIApp:
    return ASGIMiddleware(app, Registry())


def instrumentator(app: Any) -> ASGIApp:
    from prometheus_client import CollectorRegistry
    from prometheus_fastapi_instrumentator import Instrumentator

    Instrumentator(registry=CollectorRegistry()).instrument(app)
    return app  # type: ignore[no-any-return]


def exporter(app: Any) -> ASGIApp:
    from prometheus_client import REGISTRY
    from starlette_exporter import PrometheusMiddleware

    PrometheusMiddleware._metrics = {}
    for collector in list(REGISTRY._collector_to_names):
        REGISTRY.unregister(collector)
    app.add_middleware(PrometheusMiddleware, group_paths=True)
    return app  # type: ignore[no-any-return]


def opentelemetry_metrics(app: Any) -> ASGIApp:
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.trace import NoOpTracerProvider

    meters = MeterProvider(metric_readers=[InMemoryMetricReader()])
    return OpenTelemetryMiddleware(app, tracer_provider=NoOpTracerProvider(), meter_provider=meters)


def opentelemetry_both(app: Any) -> ASGIApp:
    from opentelemetry.instrumentation.asgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider

    meters = MeterProvider(metric_readers=[InMemoryMetricReader()])
    return OpenTelemetryMiddleware(app, tracer_provider=TracerProvider(), meter_provider=meters)


PEERS: dict[str, tuple[str, Callable[[Any], ASGIApp]]] = {
    "perftui": ("perftui", perftui),
    "prometheus-fastapi-instrumentator": ("prometheus_fastapi_instrumentator", instrumentator),
    "starlette_exporter": ("starlette_exporter", exporter),
    "OpenTelemetry, metrics": ("opentelemetry.instrumentation.asgi", opentelemetry_metrics),
    "OpenTelemetry, metrics and traces": ("opentelemetry.instrumentation.asgi", opentelemetry_both),
}


def installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


async def turn(app: ASGIApp) -> float:
    """Microseconds a request."""

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_message: Any) -> None: ...

    scope = {
        "type": "http", "method": "GET", "path": "/items/7", "raw_path": b"/items/7", "query_string": b"",
        "headers": [(b"host", b"x"), (b"user-agent", b"bench")], "client": ("192.0.2.1", 5), "server": ("x", 80),
        "scheme": "http", "http_version": "1.1", "root_path": "", "asgi": {"version": "3.0"},
    }  # fmt: skip
    started = time.perf_counter()
    for _ in range(PER_TURN):
        await app(dict(scope), receive, send)
    return (time.perf_counter() - started) / PER_TURN * 1e6


async def least(apps: dict[str, ASGIApp], turns: int) -> dict[str, float]:
    """Of all turns, which alternate."""
    found = dict.fromkeys(apps, float("inf"))
    for app in apps.values():
        await turn(app)
    gc.collect()
    gc.disable()
    for _ in range(turns):
        for name, app in apps.items():
            found[name] = min(found[name], await turn(app))
    gc.enable()
    return found


def table(rows: Iterable[tuple[str, ...]]) -> None:
    for row in rows:
        print(f"{row[0]:36}", *(f"{cell:>20}" for cell in row[1:]))


def main() -> int:
    """Print the table; 1 where our own share is beyond the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=300)
    parser.add_argument("--limit-us", type=float, default=3.0)
    arguments = parser.parse_args()
    known = {name: make for name, (module, make) in PEERS.items() if installed(module)}
    over: dict[str, list[float]] = {name: [] for name in known}
    for routes in ROUTES:
        apps = {"bare": bare(routes), **{name: make(bare(routes)) for name, make in known.items()}}
        found = asyncio.run(least(apps, arguments.turns))
        for name in known:
            over[name].append(found[name] - found["bare"])
    ours = over["perftui"]
    table([("µs a request over the bare app", *(f"{routes} routes" for routes in ROUTES))])
    for name, figures in over.items():
        table([(name, *(f"{us:.2f} ({us / own:.1f} x)" for us, own in zip(figures, ours, strict=True)))])
    for name in PEERS.keys() - known.keys():
        print(f"{name} is not installed and was left out")
    return 0 if max(ours) <= arguments.limit_us else 1


if __name__ == "__main__":
    sys.exit(main())
