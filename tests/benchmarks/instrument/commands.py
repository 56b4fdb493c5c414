"""What the listener costs a command, beside a no-op listener and OpenTelemetry's: in one process, in turns.

`python -m tests.benchmarks.instrument.commands`. The events are real ones of PyMongo with commands and replies as a
server gives them; nothing is sent. Each figure is the least of many rounds, in microseconds a command: started and
succeeded, the listener's own part, with the calls that PyMongo makes.
"""

import gc
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any

from bson import ObjectId
from pymongo import monitoring

from perftui.instrument import MongoMonitor, Registry
from perftui.instrument.endpoints.current import CURRENT, RequestInProgress

ROUNDS, COMMANDS = 60, 500
BUDGET_US = 3.0
ADDRESS = ("127.0.0.1", 27017)
Command = tuple[str, dict[str, Any], dict[str, Any]]


class NoOp(monitoring.CommandListener):
    """What any listener costs at least."""

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        pass

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        pass

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        pass


class Plain(NoOp):
    """A yardstick: the fewest lines that count by command, collection and the filter's names. No types, no memory
    that other processes read, no bounds, no cursors, no errors, no guard against its own faults.
    """

    def __init__(self) -> None:
        self.running: dict[int, Any] = {}
        self.counted: dict[Any, list[int]] = {}

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        command, name = event.command, event.command_name
        self.running[event.request_id] = (name, command[name], *command.get("filter", ()))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        figures = self.counted.setdefault(self.running.pop(event.request_id), [0] * 65)
        figures[event.duration_micros.bit_length()] += 1
        figures[64] += len(event.reply.get("cursor", {}).get("firstBatch", ()))


class Request(RequestInProgress):
    __slots__ = ()

    def route(self) -> str:
        return "/items/{id}"


def commands() -> dict[str, Command]:
    """Of each kind one as applications send them."""
    session = {"lsid": {"id": b"0" * 16}, "$db": "shop"}
    batch = {"cursor": {"firstBatch": [{"a": 1}] * 20, "id": 0, "ns": "shop.items"}, "ok": 1.0}
    by_id = {"find": "items", "filter": {"_id": ObjectId()}, "limit": 1, "singleBatch": True, **session}
    filtered = {"category": "books", "active": True, "price": {"$gte": 5, "$lt": 10}}
    page = {"find": "items", "filter": filtered, "sort": {"createdAt": -1}, "limit": 20, **session}
    listed = {"find": "items", "filter": {"_id": {"$in": [ObjectId() for _ in range(50)]}}, **session}
    either = {"$or": [{"owner": 7}, {"shared": True, "until": {"$gt": datetime(2026, 1, 1)}}]}
    stages = [{"$match": {"category": "books"}}, {"$group": {"_id": "$author", "n": {"$sum": 1}}}, {"$sort": {"n": -1}}]
    written = {"n": 1, "nModified": 1, "ok": 1.0}
    statement = {"q": {"_id": ObjectId()}, "u": {"$set": {"a": 1}}, "multi": False, "upsert": False}
    return {
        "find by id": ("find", by_id, batch),
        "find, filter and sort": ("find", page, batch),
        "find, 50 ids": ("find", listed, batch),
        "find, $or": ("find", {"find": "items", "filter": either, "limit": 20, **session}, batch),
        "aggregate, 3 stages": (
            "aggregate",
            {"aggregate": "items", "pipeline": stages, "cursor": {}, **session},
            batch,
        ),
        "update": ("update", {"update": "items", "ordered": True, "updates": [statement], **session}, written),
        "insert": (
            "insert",
            {"insert": "items", "ordered": True, "documents": [{"a": 1}], **session},
            {"n": 1, "ok": 1},
        ),
        "getMore": ("getMore", {"getMore": 77, "collection": "items", **session}, _more(batch)),
        "ping (not measured)": ("ping", {"ping": 1, "$db": "admin"}, {"ok": 1.0}),
    }


def _more(batch: dict[str, Any]) -> dict[str, Any]:
    return {"cursor": {"nextBatch": batch["cursor"]["firstBatch"], "id": 77, "ns": "shop.items"}, "ok": 1.0}


def events(command: Command) -> list[tuple[monitoring.CommandStartedEvent, monitoring.CommandSucceededEvent]]:
    """Made before, since PyMongo makes them whatever listens."""
    name, sent, reply = command
    return [
        (
            monitoring.CommandStartedEvent(dict(sent), "shop", number, ADDRESS, number, None, 1),
            monitoring.CommandSucceededEvent(
                timedelta(microseconds=700 + number % 50), reply, name, number, ADDRESS, number, None, "shop", 1
            ),
        )
        for number in range(1, COMMANDS + 1)
    ]


def once(listener: Any, pairs: list[tuple[Any, Any]]) -> float:
    """Microseconds of processor time a command of one round, as PyMongo calls a listener."""
    started, succeeded = listener.started, listener.succeeded
    begun = time.thread_time()
    for start, end in pairs:
        started(start)
        succeeded(end)
    return (time.thread_time() - begun) / len(pairs) * 1e6


def monitor() -> MongoMonitor:
    made = MongoMonitor(Registry("bench"))
    opened = {"cursor": {"firstBatch": [], "id": 77}, "ok": 1}
    made.started(monitoring.CommandStartedEvent({"find": "items", "filter": {}}, "shop", 1, ADDRESS, 1))
    made.succeeded(monitoring.CommandSucceededEvent(timedelta(0), opened, "find", 1, ADDRESS, 1))
    return made


def listeners() -> Iterator[tuple[str, Callable[[], Any]]]:
    yield "no-op", NoOp
    yield "plain", Plain
    yield "perftui", monitor
    try:
        tracer = import_module("opentelemetry.instrumentation.pymongo").CommandTracer
        provider = import_module("opentelemetry.sdk.trace").TracerProvider()
    except ImportError:
        print("OpenTelemetry's instrumentation of pymongo is not installed", file=sys.stderr)
        return
    yield "opentelemetry", lambda: tracer(provider.get_tracer("bench"))


def main() -> int:
    kinds = {name: events(command) for name, command in commands().items()}
    # As an application sends them: no kind after itself, so that nothing but what is remembered helps.
    kinds["all of these in turn"] = [pair for several in zip(*kinds.values(), strict=True) for pair in several]
    made = {name: make() for name, make in listeners()}
    least: dict[tuple[str, str], float] = {}
    gc.disable()
    for _ in range(ROUNDS):
        for kind, pairs in kinds.items():
            for name, listener in made.items():
                least[kind, name] = min(least.get((kind, name), 1e9), once(listener, pairs))
            CURRENT.set(Request("GET"))
            least[kind, "in a request"] = min(least.get((kind, "in a request"), 1e9), once(made["perftui"], pairs))
            CURRENT.set(None)
        gc.collect()
    columns = [*made, "in a request"]
    print(f"{'us a command':<24}" + "".join(f"{name:>16}" for name in columns))
    for kind in kinds:
        print(f"{kind:<24}" + "".join(f"{least[kind, name]:>16.2f}" for name in columns))
    worst = max(least[kind, "perftui"] for kind in kinds)
    print("times the plain one: " + ", ".join(f"{least[k, 'perftui'] / least[k, 'plain']:.1f}" for k in kinds))
    print(f"most: {worst:.2f} us, budget {BUDGET_US:g} us")
    return int(worst > BUDGET_US)


if __name__ == "__main__":
    sys.exit(main())
