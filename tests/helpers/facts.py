"""A client as the monitor opens it, and the server's counters of what was read."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from pymongo import AsyncMongoClient

from helpers.mongodb import Client
from perftui.sources.mongodb.client import open_client
from perftui.targets import connect_to


@asynccontextmanager
async def our_client(uri: str) -> AsyncIterator[AsyncMongoClient[dict[str, Any]]]:
    client = open_client(connect_to(uri, timeout_s=20.0))
    try:
        yield client
    finally:
        await client.close()


class Work(NamedTuple):
    """Counters of `serverStatus`, since the server started."""

    scanned: int
    scans: int
    returned: int

    def since(self, before: "Work") -> "Work":
        return Work(*(now - then for now, then in zip(self, before, strict=True)))


def work(client: Client) -> Work:
    metrics = client.admin.command("serverStatus")["metrics"]
    executor = metrics["queryExecutor"]
    return Work(executor["scannedObjects"], executor["collectionScans"]["total"], metrics["document"]["returned"])


_COMMANDS = (
    "aggregate", "collStats", "count", "currentOp", "dbStats", "find", "listCollections", "listDatabases",
    "listIndexes", "top",
)  # fmt: skip


def commands_sent(client: Client) -> int:
    """How many of those that read collections and indexes the server has had; a driver's own are none of them."""
    counted = client.admin.command("serverStatus")["metrics"]["commands"]
    return sum(int(counted[name]["total"]) for name in _COMMANDS if name in counted)
