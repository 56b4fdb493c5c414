"""What a request to a WSGI application costs more behind each instrumentation, in one run.

`python -m tests.benchmarks.instrument.wsgi_requests`. The applications are called as a server calls them: with an
environ of the size that servers make, part by part, and closed. The least of many short turns, which alternate between
all, stands for each. An application that does much pushes our code out of the processor's caches, so the same work
costs more behind Flask than around a bare function: the limit is for the function, the rest is told.
"""

import argparse
import gc
import io
import sys
import time
from collections.abc import Callable, Iterable
from importlib.util import find_spec
from typing import Any

from flask import Flask

from perftui.instrument import Registry, WSGIMiddleware

App = Callable[[Any, Any], Iterable[bytes]]
PER_TURN = 50
ENVIRON = {
    "REQUEST_METHOD": "GET", "PATH_INFO": "/items/7", "RAW_URI": "/items/7", "SCRIPT_NAME": "", "QUERY_STRING": "",
    "SERVER_NAME": "x", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "SERVER_SOFTWARE": "gunicorn",
    "HTTP_HOST": "x", "HTTP_USER_AGENT": "bench", "HTTP_ACCEPT": "*/*", "HTTP_ACCEPT_ENCODING": "gzip",
    "HTTP_CONNECTION": "close", "REMOTE_ADDR": "192.0.2.1", "REMOTE_PORT": "5", "wsgi.url_scheme": "http",
    "wsgi.version": (1, 0), "wsgi.errors": sys.stderr, "wsgi.input": io.BytesIO(), "wsgi.input_terminated": True,
    "wsgi.file_wrapper": type("FileWrapper", (), {}), "wsgi.multithread": False, "wsgi.multiprocess": True,
    "wsgi.run_once": False,
}  # fmt: skip
HEADERS = [("Content-Type", "text/plain"), ("Content-Length", "1")]


class Parts:
    """An answer that is no list and is closed, as frameworks give it."""

    def __iter__(self) -> Any:
        return iter((b"x",))

    def close(self) -> None:
        pass


def listing(_environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", HEADERS)
    return [b"x"]


def iterating(_environ: Any, start_response: Any) -> Parts:
    start_response("200 OK", HEADERS)
    return Parts()


def flask() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/items/<int:number>", "item", view_func=lambda number: "x")
    return app


def flask_exporter() -> App:
    from prometheus_client import CollectorRegistry
    from prometheus_flask_exporter import PrometheusMetrics

    app = flask()
    PrometheusMetrics(app, registry=CollectorRegistry())
    return app.wsgi_app


def opentelemetry(app: App) -> App:
    from opentelemetry.instrumentation.wsgi import OpenTelemetryMiddleware
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.trace import NoOpTracerProvider

    meters = MeterProvider(metric_readers=[InMemoryMetricReader()])
    found: App = OpenTelemetryMiddleware(app, tracer_provider=NoOpTracerProvider(), meter_provider=meters)
    return found


def known(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def kinds() -> dict[str, dict[str, App]]:
    """Of each kind of application the bare one first."""
    found: dict[str, dict[str, App]] = {}
    applications: dict[str, Any] = {"a list": listing, "an iterator": iterating, "Flask": flask().wsgi_app}
    for name, bare in applications.items():
        found[name] = {"bare": bare, "perftui": WSGIMiddleware(bare, Registry())}
        if known("opentelemetry.instrumentation.wsgi"):
            found[name]["OpenTelemetry, metrics"] = opentelemetry(bare)
    if known("prometheus_flask_exporter"):
        found["Flask"]["prometheus-flask-exporter"] = flask_exporter()
    return found


def turn(app: App) -> float:
    """Microseconds of processor time a request."""
    began = time.thread_time()
    for _ in range(PER_TURN):
        body: Any = app(dict(ENVIRON), lambda *_: None)
        for _part in body:
            pass
        close = getattr(body, "close", None)
        if close is not None:
            close()
    return (time.thread_time() - began) / PER_TURN * 1e6


def least(apps: dict[str, App], turns: int) -> dict[str, float]:
    found = dict.fromkeys(apps, float("inf"))
    gc.disable()
    for at in range(turns):
        for name, app in apps.items():
            found[name] = min(found[name], turn(app))
        if not at % 20:
            gc.collect()
    gc.enable()
    return found


def main() -> int:
    """Print the table; 1 where our own share around a bare function is beyond the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=400)
    parser.add_argument("--limit-us", type=float, default=3.0)
    arguments = parser.parse_args()
    print(f"{'µs a request over the bare app':36}{'bare app':>12}{'over it':>12}{'perftui = 1':>14}")
    most = 0.0
    for kind, apps in kinds().items():
        found = least(apps, arguments.turns)
        own = found["perftui"] - found["bare"]
        most = max(most, 0.0 if kind == "Flask" else own)
        for name in (name for name in apps if name != "bare"):
            over = found[name] - found["bare"]
            print(f"{kind + ', ' + name:36}{found['bare']:>12.2f}{over:>12.2f}{over / own:>12.1f} x")
    print(f"around a function at most {most:.2f} µs, {arguments.limit_us:g} µs wanted")
    return int(most > arguments.limit_us)


if __name__ == "__main__":
    sys.exit(main())
