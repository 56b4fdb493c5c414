"""Seen from the servers: the monitor only reads, in bounded time, and not more often than it says."""

import asyncio
import json
import time
from collections import defaultdict
from datetime import datetime
from typing import Any, NamedTuple

import pytest
import redis
from helpers.hostile import http, served
from helpers.watching import Watching, is_well, watching
from pymongo import MongoClient

from perftui.instrument import Registry, build_document
from perftui.servers import MongodProcess, PrivateServers

Client = MongoClient[dict[str, Any]]

READS = {
    "hello", "isMaster", "buildInfo", "connectionStatus", "serverStatus", "replSetGetStatus", "replSetGetConfig",
    "listDatabases", "listCollections", "getLog", "find", "aggregate", "profile", "getParameter", "ping",
    "getDiagnosticData",
}  # fmt: skip
OF_THE_CONNECTION = {"hello", "isMaster", "ismaster", "endSessions", "saslStart", "saslContinue"}
"""The driver's own: they write nothing, and take no time limit."""
FIRST_STAGES = {"$currentOp", "$collStats", "$indexStats"}
REDIS_READS = {"info", "slowlog|get", "slowlog|len", "config|get", "client|setname", "client|setinfo", "hello", "ping"}
REDIS_TEST = {"info", "config|resetstat"}
SHORTEST_GAP_S = 0.85
"""A little less than the shortest interval of any source, 1 s."""
LOGS_EVERYTHING = ("--setParameter", "logComponentVerbosity={command: {verbosity: 1}}")


class Sent(NamedTuple):
    at: float
    command: dict[str, Any]
    ns: str

    @property
    def name(self) -> str:
        return next(iter(self.command))


def sent_by_perftui(mongod: MongodProcess) -> list[Sent]:
    """Every command of a client of our name, from the server's own log."""
    lines = [json.loads(line) for line in mongod.log_since_start().splitlines() if b'"appName":"perftui"' in line]
    return [
        Sent(datetime.fromisoformat(line["t"]["$date"]).timestamp(), line["attr"]["command"], line["attr"]["ns"])
        for line in lines
        if line["id"] == 51803
    ]


def fingerprint(client: Client) -> dict[str, Any]:
    names = sorted(client.list_database_names())
    hashes = {name: client[name].command("dbHash")["collections"] for name in ("admin", "shop")}
    collections = {name: sorted(client[name].list_collection_names()) for name in ("admin", "shop")}
    level = client["shop"].command("profile", -1)
    settings = {name: level[name] for name in ("was", "slowms", "sampleRate")}
    return {"names": names, "hashes": hashes, "collections": collections, "profile": settings}


async def use_everything(watch: Watching, well: tuple[str, ...]) -> None:
    """Let all sources read several times, as with every switch of the screen that reaches a source."""
    for name in well:
        await watch.until(is_well(name))
    await watch.ticks(8)
    watch.monitor.set_show_noise(True)
    await watch.ticks(8)
    watch.monitor.refresh()
    await watch.ticks(8)


@pytest.mark.parametrize("profiled", [True, False], ids=["profiled", "log only"])
async def test_mongodb(private_servers: PrivateServers, profiled: bool) -> None:
    mongod = private_servers.start_mongod(replica_set="rs0", arguments=LOGS_EVERYTHING)
    client: Client = MongoClient(mongod.uri, appname="shop")
    with client:
        client["shop"]["p"].insert_one({"a": 7})
        if profiled:
            client["shop"].command("profile", 2)
        client["shop"]["p"].find_one({"a": 7})
        before = fingerprint(client)
        async with watching(mongod.uri) as watch:
            names = (
                "mongodb.server",
                "mongodb.operations",
                "mongodb.slow_queries",
                "mongodb.members",
                "mongodb.indexes",
            )
            began = time.monotonic()
            await use_everything(watch, names)
        lasted_s = time.monotonic() - began
        assert fingerprint(client) == before
    sent = sent_by_perftui(mongod)
    assert {"serverStatus", "aggregate", "find" if profiled else "getLog"} <= {one.name for one in sent}
    for one in sent:
        assert_reads(one)
    assert_not_too_often(sent, lasted_s)


def assert_reads(one: Sent) -> None:
    assert one.name in READS | OF_THE_CONNECTION, one
    assert one.name in OF_THE_CONNECTION or one.command.get("maxTimeMS", 0) > 0, one
    if one.name == "find":
        assert one.command["find"] == "system.profile", one
    if one.name == "aggregate":
        first = next(iter(one.command["pipeline"][0]))
        assert first in FIRST_STAGES or one.command["aggregate"] == "system.profile", one
        assert not any(stage.keys() & {"$out", "$merge"} for stage in one.command["pipeline"]), one
    if one.name == "profile":
        assert one.command["profile"] == -1, one
    if one.name in ("listDatabases", "listCollections"):
        assert one.command["nameOnly"] is True, one


def assert_not_too_often(sent: list[Sent], lasted_s: float) -> None:
    """In all the time not more than one each interval, but for the first look, the switch and the refresh; by our
    clock, for what we send may come late to the server."""
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in sent:
        if one.name not in OF_THE_CONNECTION:
            times[one.name, one.ns].append(one.at)
    for what, found in times.items():
        assert len(found) <= lasted_s / SHORTEST_GAP_S + 4, (what, found, lasted_s)


async def test_redis(private_servers: PrivateServers) -> None:
    server = private_servers.start_redis(arguments=("--slowlog-log-slower-than", "0"))
    with redis.Redis.from_url(server.uri) as client:
        client.set("a", 1)
        client.execute_command("CONFIG", "RESETSTAT")
        changes = client.info("persistence")["rdb_changes_since_last_save"]
        async with watching(server.uri) as watch:
            await use_everything(watch, ("redis.server", "redis.slow_log"))
        used = {name.removeprefix("cmdstat_") for name in client.info("commandstats")}
        assert used <= REDIS_READS | REDIS_TEST
        assert {"slowlog|len", "info"} <= used
        assert client.info("persistence")["rdb_changes_since_last_save"] == changes
        assert client.dbsize() == 1


async def test_application() -> None:
    document, asked = build_document(Registry("shop")).to_json(), []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            asked.append(head.split(b"\r\n")[0].decode())
            writer.write(http(document))
            await writer.drain()

    def until_gone(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Any:
        async def guarded() -> None:
            try:
                await serve(reader, writer)
            except asyncio.IncompleteReadError:
                return

        return guarded()

    async with served(until_gone) as port, watching(f"http://127.0.0.1:{port}/perftui/v1/metrics") as watch:
        await use_everything(watch, ("application.metrics",))
    assert asked
    assert all(line.startswith("GET /perftui/v1/metrics?") for line in asked), asked
