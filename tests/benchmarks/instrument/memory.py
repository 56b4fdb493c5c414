"""Memory of the library while a million requests throw a hundred thousand distinct paths, shapes and keys at it.

`.venv/bin/python -m tests.benchmarks.instrument.memory [SUBJECT ...] [--requests N]`. Each subject runs in a process
of its own and is asked for its document at each reading. Ten requests in a row are alike, so what is new keeps coming
until the end: what grows with requests shows, and what grows with distinct names too.
"""

import argparse
import gc
import json
import subprocess
import sys
from collections.abc import Callable, MutableMapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import psutil

from perftui.instrument import (
    ASGIMiddleware,
    CacheMonitor,
    MongoMonitor,
    Registry,
    WSGIMiddleware,
    build_document,
    monitored,
)

REQUESTS, ALIKE, MIB = 1_000_000, 10, 1024 * 1024
READINGS = {"tenth": 0.1, "half": 0.5, "all": 1.0}
MOST_SINCE_TENTH, MOST_SINCE_HALF = 8.0, 1.0
"""MiB. Bounded tables may still fill up in the first half; a hundred bytes for each name of the second are five."""
SLOW = timedelta(milliseconds=200)
Step = Callable[[int, int], None]
"""Called with the number of the request and of what it is about."""
Message = MutableMapping[str, Any]
SCOPE = {"type": "http", "query_string": b"", "http_version": "1.1"}


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(_message: Message) -> None:
    return


def _asgi(registry: Registry, scope_of: Callable[[int], dict[str, Any]]) -> Step:
    async def app(scope: Message, _receive: Any, send: Any) -> None:
        route = scope.pop("chosen", None)
        if route is not None:
            scope["route"] = route
        await send({"type": "http.response.start", "status": 200 if route else 404, "headers": []})
        await send({"type": "http.response.body", "body": b"x"})

    middleware = ASGIMiddleware(app, registry, slow_ms=0.0, user_agent=True, client_network=True)

    def step(number: int, about: int) -> None:
        client = (f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 1)
        agent = [(b"user-agent", b"agent %d" % number)]
        call = middleware(
            {**SCOPE, "method": "GET", "client": client, "headers": agent, **scope_of(about)}, _receive, _send
        )
        try:
            call.send(None)  # nothing in it waits
        except StopIteration:
            return
        raise AssertionError("it waited")

    return step


def paths(registry: Registry) -> Step:
    """No route takes any of them."""
    return _asgi(registry, lambda about: {"path": f"/nowhere/{about}", "raw_path": b"/nowhere"})


def routes(registry: Registry) -> Step:
    """An application that makes a route of each path."""
    return _asgi(registry, lambda about: {"path": "/", "chosen": SimpleNamespace(path=f"/{about}", endpoint=None)})


def methods(registry: Registry) -> Step:
    route = SimpleNamespace(path="/items/{id}", endpoint=None)
    return _asgi(registry, lambda about: {"path": "/items/1", "chosen": route, "method": f"M{about}"})


def wsgi(registry: Registry) -> Step:
    def app(_environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [])
        return [b"x"]

    middleware = WSGIMiddleware(app, registry)

    def step(_number: int, about: int) -> None:
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": f"/nowhere/{about}", "REMOTE_ADDR": "10.0.0.1"}
        answer = middleware(environ, lambda *_given: lambda _data: None)
        for _ in answer:
            pass
        if hasattr(answer, "close"):
            answer.close()

    return step


def shapes(registry: Registry) -> Step:
    """Filters on ever other fields; every tenth has a cursor that is never read to its end."""
    from pymongo.monitoring import CommandStartedEvent, CommandSucceededEvent

    monitor, address = MongoMonitor(registry), ("db", 27017)

    def step(number: int, about: int) -> None:
        command = {"find": f"c{about % 50}", "filter": {f"field{about}": number}, "$db": "shop"}
        reply = {"cursor": {"id": 0 if number % 10 else number + 1, "firstBatch": [{}], "ns": "shop.c"}, "ok": 1}
        monitor.started(CommandStartedEvent(command, "shop", number, address, number))
        monitor.succeeded(CommandSucceededEvent(SLOW, reply, "find", number, address, number, database_name="shop"))

    return step


def collections(registry: Registry) -> Step:
    from pymongo.monitoring import CommandFailedEvent, CommandStartedEvent

    monitor, address = MongoMonitor(registry), ("db", 27017)

    def step(number: int, about: int) -> None:
        command, database = {"find": f"c{about}", "filter": {"a": 1}}, f"db{about % 1000}"
        monitor.started(CommandStartedEvent(command, database, number, address, number))
        failure = {"ok": 0, "code": number % 100_000, "errmsg": f"no {number}"}
        monitor.failed(CommandFailedEvent(SLOW, failure, "find", number, address, number, database_name=database))

    return step


def pools(registry: Registry) -> Step:
    """A server of each address, whose pool is never closed."""
    from pymongo.monitoring import ConnectionCreatedEvent, PoolCreatedEvent

    monitor = MongoMonitor(registry)

    def step(number: int, about: int) -> None:
        address = (f"db{about}", 27017)
        monitor.pool_created(PoolCreatedEvent(address, {}))
        monitor.connection_created(ConnectionCreatedEvent(address, number))

    return step


def functions(registry: Registry) -> Step:
    """A measured function of each name, as a job makes one for each of its parts."""

    def step(_number: int, about: int) -> None:
        monitored(name=f"part {about}", registry=registry)(gc.isenabled)()

    return step


def unanswered(registry: Registry) -> Step:
    """Commands whose end is never told."""
    from pymongo.monitoring import CommandStartedEvent

    monitor = MongoMonitor(registry)

    def step(number: int, about: int) -> None:
        command = {"find": "c", "filter": {f"field{about}": number}, "$db": "shop"}
        monitor.started(CommandStartedEvent(command, "shop", number, ("db", 27017), number))

    return step


def keys(registry: Registry) -> Step:
    monitor = CacheMonitor("pages", registry, keep_keys=True, show_keys=True)

    def step(number: int, about: int) -> None:
        monitor.hit(f"a{about}:b{number}")
        monitor.miss(f"c{number}", 0.001)

    return step


def caches(registry: Registry) -> Step:
    """A cache of each name."""

    def step(_number: int, about: int) -> None:
        CacheMonitor(f"cache {about}", registry).hit("a")

    return step


SUBJECTS: dict[str, Callable[[Registry], Step]] = {
    "paths": paths, "routes": routes, "methods": methods, "wsgi": wsgi,
    "functions": functions, "shapes": shapes, "collections": collections, "unanswered": unanswered, "pools": pools,
    "keys": keys, "caches": caches,
}  # fmt: skip


def measure(subject: str, requests: int) -> dict[str, int]:
    """Resident bytes when loaded, after a tenth, a half and all of the requests; bytes of the document at last."""
    registry = Registry("shop", slow_ms=0.0)
    step, process = SUBJECTS[subject](registry), psutil.Process()
    found: dict[str, int] = {}

    def read(name: str) -> None:
        found["document"] = len(build_document(registry).to_json())
        gc.collect()
        found[name] = process.memory_info().rss

    read("loaded")
    done = 0
    for name, share in READINGS.items():
        for number in range(done, int(requests * share)):
            step(number, number // ALIKE)
        done = int(requests * share)
        read(name)
    return found


def main() -> None:
    """Print a line for each subject; exit 1 where one grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subjects", nargs="*", choices=[*SUBJECTS, []], default=[])
    parser.add_argument("--requests", type=int, default=REQUESTS)
    parser.add_argument("--here", action="store_true", help="in this process, as JSON")
    arguments = parser.parse_args()
    chosen = arguments.subjects or list(SUBJECTS)
    if arguments.here:
        print(json.dumps(measure(chosen[0], arguments.requests)))
        return
    held = [report(subject, arguments.requests) for subject in chosen]
    sys.exit(0 if all(held) else 1)


def report(subject: str, requests: int) -> bool:
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks.instrument.memory",
        subject,
        "--requests",
        str(requests),
        "--here",
    ]
    found: dict[str, int] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    mib = {name: value / MIB for name, value in found.items()}
    since = {name: mib["all"] - mib[name] for name in ("tenth", "half")}
    held = since["tenth"] <= MOST_SINCE_TENTH and since["half"] <= MOST_SINCE_HALF
    print(
        f"{subject:11} MiB: {mib['loaded']:5.1f} loaded, {mib['tenth']:5.1f} after a tenth of {requests:,},"
        f" then {since['tenth']:+5.2f}, of these in the second half {since['half']:+5.2f}:"
        f" {'held' if held else 'NOT HELD'}; {found['document']:,} bytes of document",
        flush=True,
    )
    return held


if __name__ == "__main__":
    main()
