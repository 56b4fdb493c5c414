"""Carrying an action out as the monitor and the command line do, and holding index builds where they are."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from helpers.waiting import wait_until
from perftui.actions.base import Action, Outcome
from perftui.actions.index_spec import IndexSpec
from perftui.actions.journal import default_journal
from perftui.actions.runner import perform
from perftui.servers import MongodProcess

Client = MongoClient[dict[str, Any]]
TEST_COMMANDS = ("--setParameter", "enableTestCommands=1")
"""Arguments of a mongod that knows fail points."""


async def carry_out(action: Action, *, typed: str | None = None, read_only: bool = False) -> Outcome:
    """Confirm exactly what it shows, and run it with the user's own journal."""
    command = action.describe().command
    return await perform(action, confirmed_command=command, read_only=read_only, journal=default_journal(), typed=typed)


async def check_and_carry_out(action: Action, *, typed: str | None = None) -> Outcome:
    """As a person does: the command that is confirmed was shown after a check."""
    with suppress(PyMongoError):  # the runner checks again, and tells
        await action.check()
    return await carry_out(action, typed=typed)


def spec(ns: str, keys: Mapping[str, Any], name: str = "", **options: Any) -> IndexSpec:
    return IndexSpec(ns=ns, keys=tuple(keys.items()), name=name, options=options)


def indexes(client: Client, ns: str) -> dict[str, Mapping[str, Any]]:
    """The definitions by name, those in progress under `building NAME`."""
    database, _, collection = ns.partition(".")
    unfinished = client[database].command({"collStats": collection}).get("indexBuilds", ())
    found = client[database].command({"listIndexes": collection, "includeBuildUUIDs": True})["cursor"]["firstBatch"]
    by_name = {str(one.get("spec", one)["name"]): one for one in found}
    return {f"building {name}" if name in unfinished else name: one for name, one in by_name.items()}


def profiling(client: Client, database: str) -> dict[str, Any]:
    reply: Mapping[str, Any] = client[database].command({"profile": -1})
    return {name: reply.get(name) for name in ("was", "slowms", "sampleRate", "filter")}


def commands_run(client: Client, *names: str) -> int:
    """How often the server has run these commands since it started."""
    counted = client.admin.command({"serverStatus": 1})["metrics"]["commands"]
    return sum(int(counted.get(name, {}).get("total", 0)) for name in names)


@contextmanager
def fail_point(server: MongodProcess, name: str, **options: Any) -> Iterator[None]:
    """On while inside, such as `hangAfterStartingIndexBuild`; the server needs `TEST_COMMANDS`."""
    with server.client() as client:
        client.admin.command({"configureFailPoint": name, "mode": "alwaysOn", **options})
        try:
            yield
        finally:
            if server.running:
                client.admin.command({"configureFailPoint": name, "mode": "off"})


def wait_for_build(server: MongodProcess, ns: str, name: str) -> None:
    with server.client() as client:
        wait_until(lambda: f"building {name}" in indexes(client, ns))


class OtherBuild(threading.Thread):
    """Another client's createIndexes."""

    def __init__(self, server: MongodProcess, ns: str, definitions: Sequence[Mapping[str, Any]]) -> None:
        super().__init__()
        self.server, self.ns, self.definitions = server, ns, list(definitions)
        self.code: int | None = None

    def run(self) -> None:
        database, _, collection = self.ns.partition(".")
        with self.server.client() as client:
            try:
                client[database].command({"createIndexes": collection, "indexes": self.definitions})
            except PyMongoError as error:
                self.code = getattr(error, "code", None)
