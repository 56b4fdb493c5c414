"""What a drill may change on the demo: read before and after it, to prove that nothing is left."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import redis
from pymongo.errors import PyMongoError

from helpers.processes import processes_in
from helpers.waiting import wait_until
from perftui.demo.session import METRICS_PATH, DemoSession

PARAMETERS = ("transactionLifetimeLimitSeconds",)
OURS = {"prompt-library", "perftui-demo", "OplogFetcher"}
"""Clients that the demo itself has, and those by which members follow each other."""


def traces(session: DemoSession) -> dict[str, Any]:
    """Of the servers' settings and contents, of who is connected, of the processes and of the files."""
    with session.mongod.client(appname="perftui-demo") as client:
        status = client.admin.command({"serverStatus": 1, "wiredTiger": 1})
        library = client["library"]
        known = {
            "parameters": client.admin.command({"getParameter": 1} | dict.fromkeys(PARAMETERS, 1)),
            "cache": status["wiredTiger"]["cache"]["maximum bytes configured"],
            "tickets": status["wiredTiger"]["concurrentTransactions"]["read"]["totalTickets"],
            "indexes": {name: sorted(library[name].index_information()) for name in library.list_collection_names()},
            "builds": status.get("activeIndexBuilds", {}).get("total", 0),
            "clients": client_names(client) - OURS,
            "transactions": status["transactions"]["currentOpen"],
            "role": "primary" if session.mongod.is_primary() else "other",
        }
    known["parameters"] = {name: known["parameters"][name] for name in PARAMETERS}
    return known | _of_redis(session) | _of_the_rest(session)


def traces_at_rest(session: DemoSession) -> dict[str, Any]:
    """The same, once whoever was at work before is gone."""

    def at_rest() -> dict[str, Any] | None:
        known = _readable(session)
        busy = known is None or known["clients"] or known["transactions"] or known["builds"]
        return None if busy or known is None or known["role"] != "primary" else known

    return wait_until(at_rest)


def assert_traces(session: DemoSession, before: dict[str, Any], timeout_s: float = 60.0) -> None:
    """All is as it was before, within so many seconds: connections and processes end a moment after their owner."""
    with suppress(AssertionError):
        wait_until(lambda: _readable(session) == before, timeout_s)
    after = traces(session)
    left = {name: (value, after[name]) for name, value in before.items() if value != after[name]}
    assert not left, left


def _readable(session: DemoSession) -> dict[str, Any] | None:
    """`None` where one of them does not answer, as a member that has just been elected or come back."""
    try:
        return traces(session)
    except (PyMongoError, redis.RedisError, httpx.HTTPError):
        return None


def client_names(client: Any) -> set[str]:
    """Of all connections, whether they do something or not."""
    stages = [{"$currentOp": {"idleConnections": True, "allUsers": True}}]
    return {name for one in client.admin.aggregate(stages) if (name := one.get("appName")) and "perftui" not in name}


def _of_redis(session: DemoSession) -> dict[str, Any]:
    with redis.Redis(port=session.redis.port) as client:
        return {
            "databases": {name for name in client.info("keyspace") if name != "db0"},
            "kinds of keys": {key.partition(b":")[0].partition(b"#")[0] for key in client.scan_iter(count=1000)}
            - {b"library"},
            "redis clients": {one["name"] for one in client.client_list() if one["name"]} - OURS,
            "maxmemory": client.config_get("maxmemory*"),
        }


def _of_the_rest(session: DemoSession) -> dict[str, Any]:
    document = httpx.get(session.application_url + METRICS_PATH).raise_for_status().json()
    folder = session.servers.folder
    return {
        "release": document["service"],
        "processes": len(processes_in(folder)),
        "files": {path.name for path in Path(folder).iterdir() if path.suffix != ".log"},
    }
