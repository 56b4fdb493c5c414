"""`serverStatus` of versions 4.4 to 8.0 and of mongos, as their documentation shows it."""

import copy
from pathlib import Path
from typing import Any

import pytest
from bson import encode, json_util
from bson.int64 import Int64
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from perftui.model.mongodb import MongoServer, Tickets
from perftui.servers import MongodProcess
from perftui.sources.mongodb.server_status import StatusReader, excluded_sections, role_of

REPLIES = Path(__file__).parents[1] / "replies"
MONGODS = ("4.4", "6.0", "7.0", "8.0")
Reply = dict[str, Any]


def reply_of(version: str) -> Reply:
    found: Reply = json_util.loads((REPLIES / f"serverStatus-{version}.json").read_text("utf-8"))
    return found


def later(reply: Reply) -> Reply:
    """Two seconds later, after some work."""
    after = copy.deepcopy(reply)
    after["uptimeMillis"] += 2000
    for kind in after["opcounters"]:
        after["opcounters"][kind] += 20
    after["network"]["bytesIn"] = Int64(after["network"]["bytesIn"] + 4096)
    after["asserts"]["user"] += 1
    if "wiredTiger" in after:
        after["opLatencies"]["reads"]["ops"] += 10
        after["opLatencies"]["reads"]["latency"] += 25_000
        after["wiredTiger"]["cache"]["modified pages evicted"] += 6
        after["wiredTiger"]["cache"]["unmodified pages evicted"] += 2
        after["metrics"]["queryExecutor"]["collectionScans"]["total"] += 3
        after["metrics"]["document"]["returned"] += 50
        after["flowControl"]["timeAcquiringMicros"] += 4000
    return after


@pytest.mark.parametrize("version", MONGODS)
def test_states_and_rates(version: str) -> None:
    reader, reply = StatusReader(), reply_of(version)
    first, second = reader.read(reply), reader.read(later(reply))
    assert first.operations.query is None
    assert first.reads.average_ms is None
    assert (second.version, second.process, second.set_name) == (reply["version"], "mongod", "rs0")
    assert (second.pid, second.uptime_s, second.resident_bytes) == (4711, 86402.25, 512 * 2**20)
    assert (second.connections.current, second.connections.active) == (120, 7)
    assert (second.queues.readers, second.queues.writers) == (2, 1)
    assert second.cache.dirty_bytes == 20_000_000
    assert second.cache.evicted_pages_per_s == 4.0
    assert second.operations.query == 10.0
    assert (second.reads.per_s, second.reads.average_ms) == (5.0, 2.5)
    assert second.writes.average_ms is None
    assert second.network.received_bytes_per_s == 2048.0
    assert (second.work.collection_scans_per_s, second.work.returned_documents_per_s) == (1.5, 25.0)
    assert second.flow_control.waited_ms_per_s == 2.0
    assert second.asserts_per_s == {"regular": 0.0, "warning": 0.0, "msg": 0.0, "user": 0.5}
    assert json.decode(json.encode(second), type=MongoServer) == second


@pytest.mark.parametrize(
    ("version", "role", "tickets", "builds"),
    [
        ("4.4", "PRIMARY", (5, 128, 2, 128), None),
        ("6.0", "PRIMARY", (5, 128, 2, 128), 1),
        ("7.0", "PRIMARY", (5, 14, 2, 12), 1),
        ("8.0", "SECONDARY", (5, 18, 2, 16), 1),
        ("mongos", "MONGOS", (None, None, None, None), None),
    ],
)
def test_what_differs_between_versions(
    version: str, role: str, tickets: tuple[int | None, ...], builds: int | None
) -> None:
    server = StatusReader().read(reply_of(version))
    names = ("read_used", "read_total", "write_used", "write_total")
    assert server.role == role
    assert server.tickets == Tickets(**dict(zip(names, tickets, strict=True)))
    assert server.index_builds.active == builds


def test_a_mongos_has_what_it_has() -> None:
    reader, reply = StatusReader(), reply_of("mongos")
    reader.read(reply)
    server = reader.read(later(reply))
    assert server.process == "mongos"
    assert server.operations.command == 10.0
    assert server.connections.current == 120
    assert server.cache.used_bytes is None
    assert server.reads.per_s is None
    assert server.set_name is None


@pytest.mark.parametrize(
    ("hello", "role"),
    [
        ({"isWritablePrimary": True}, "STANDALONE"),
        ({"isWritablePrimary": True, "setName": "rs0"}, "PRIMARY"),
        ({"ismaster": True, "setName": "rs0"}, "PRIMARY"),
        ({"secondary": True, "setName": "rs0"}, "SECONDARY"),
        ({"arbiterOnly": True, "setName": "rs0"}, "ARBITER"),
        ({"secondary": False, "setName": "rs0"}, "OTHER"),
        ({"msg": "isdbgrid", "ismaster": True}, "MONGOS"),
    ],
)
def test_roles(hello: Reply, role: str) -> None:
    assert role_of(hello) == role


def test_a_restart_gives_no_rates() -> None:
    reader, reply = StatusReader(), reply_of("7.0")
    reader.read(later(reply))
    assert reader.read({**reply, "uptimeMillis": 900}).operations.query is None


@pytest.mark.parametrize("version", [*MONGODS, "mongos"])
def test_only_sections_that_nobody_shows_are_left_out(version: str) -> None:
    reply = reply_of(version)
    excluded = excluded_sections(reply)
    assert excluded.pop("metrics")["commands"] is False
    assert {"security", "logicalSessionRecordCache"} <= excluded.keys()
    kept = {name: value for name, value in reply.items() if name not in excluded}
    assert StatusReader().read(kept) == StatusReader().read(reply)


def test_a_real_server_leaves_out_what_it_is_asked_to(mongod: MongodProcess) -> None:
    with mongod.client() as client:
        whole = client.admin.command("serverStatus")
        short = client.admin.command({"serverStatus": 1, **excluded_sections(whole)})
    assert len(encode(short)) < 0.6 * len(encode(whole))
    server = StatusReader().read(short)
    assert server.role == "PRIMARY"
    assert server.cache.maximum_bytes
    assert server.tickets.read_total
    assert set(short["metrics"]) == {"queryExecutor", "document", "operation"}


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.integers())
sections = st.sampled_from(
    ["wiredTiger", "metrics", "repl", "queues", "connections", "mem", "uptimeMillis", "globalLock"]
)


@given(st.dictionaries(sections, values | st.dictionaries(st.sampled_from(["cache", "current", "execution"]), values)))
def test_nothing_in_a_reply_is_taken_for_granted(reply: Reply) -> None:
    assert StatusReader().read(reply).role is not None
    excluded_sections(reply)


def test_transactions_are_counted_by_how_they_end() -> None:
    reader, reply = StatusReader(), reply_of("6.0")
    reader.read({**reply, "transactions": {"currentOpen": 1, "totalCommitted": 10, "totalAborted": 4}})
    ended = {"currentOpen": 2, "currentInactive": 1, "totalCommitted": 30, "totalAborted": 5}
    found = reader.read({**later(reply), "transactions": ended}).transactions
    assert (found.open, found.inactive, found.committed_per_s, found.aborted_per_s) == (2, 1, 10.0, 0.5)


def test_written_documents_are_counted_whatever_wrote_them() -> None:
    reader, reply = StatusReader(), reply_of("6.0")
    counts = {"inserted": 10, "updated": 20, "deleted": 30, "returned": 7}
    reader.read({**reply, "metrics": {"document": counts}})
    after = {"inserted": 14, "updated": 26, "deleted": 40, "returned": 7}
    found = reader.read({**later(reply), "metrics": {"document": after}})
    assert found.work.written_documents_per_s == 10.0
