"""Whatever a mongod answers, its readers give a sound value."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from bson import json_util
from hostile_values import BSON_VALUES, FEW, JSON_VALUES, MANY, assert_safe_to_draw, assert_sound, mutated
from hypothesis import given
from hypothesis import strategies as st

from perftui.advice.shapes.shape import shape_of
from perftui.model.operation import OperationList
from perftui.model.query import SlowQueryBatch
from perftui.model.sample import Sample
from perftui.model.settings import Settings
from perftui.monitor.digest import Digest
from perftui.sources.base import Source
from perftui.sources.mongodb.member import Reply
from perftui.sources.mongodb.members import MongoMembersSource
from perftui.sources.mongodb.operations import MongoOperationsSource
from perftui.sources.mongodb.profile_entry import SlowestEntries, slow_queries
from perftui.sources.mongodb.rights import Login
from perftui.sources.mongodb.sampled import RunningOperations
from perftui.sources.mongodb.server import MongoServerSource
from perftui.sources.mongodb.slow_log import SlowLogTail
from perftui.sources.mongodb.system import MongoSystem
from perftui.sources.registry import open_system
from perftui.targets import connect_to

Document = dict[str, Any]
SAMPLES: dict[str, Document] = json_util.loads(Path(__file__).with_name("replies.json").read_text("utf-8"))
"""What a real mongod answered, less the sections that nobody reads."""
LOG_LINE = (
    '{"t":{"$date":"2026-01-01T00:00:00.000+00:00"},"s":"I","c":"COMMAND","id":51803,"ctx":"conn1","msg":"Slow query",'
    '"attr":{"type":"command","ns":"shop.p","appName":"shop","command":{"find":"p","filter":{"a":1},"$db":"shop"},'
    '"planSummary":"COLLSCAN","docsExamined":5,"nreturned":1,"remote":"10.0.0.1:5","durationMillis":140}}'
)
OPERATION = {
    "opid": 77, "active": True, "op": "command", "ns": "shop.p", "microsecs_running": 5_000, "secs_running": 0,
    "client": "10.0.0.1:5", "appName": "shop", "effectiveUsers": [{"user": "app", "db": "admin"}], "numYields": 3,
    "planSummary": "COLLSCAN", "waitingForLock": True, "locks": {"Global": "r"}, "waitingForFlowControl": False,
    "waitingForLatch": {"captureName": "x"}, "currentQueue": {"name": "execution"}, "msg": "Index Build: 1/2",
    "command": {"find": "p", "filter": {"a": {"$in": [1, 2]}}, "sort": {"b": -1}, "$db": "shop"}, "type": "op",
    "progress": {"done": 1, "total": 9}, "desc": "conn1", "shard": "a", "cursor": {"originatingCommand": {"find": "p"}},
}  # fmt: skip
PROFILED = {
    "op": "command", "ns": "shop.p", "millis": 150, "durationMicros": 150_000, "docsExamined": 50, "keysExamined": 0,
    "nreturned": 5, "planSummary": "COLLSCAN", "client": "10.0.0.1", "appName": "shop", "user": "app@admin",
    "hasSortStage": True, "responseLength": 5_000, "numYield": 4, "queryHash": "ABCD", "errMsg": "stopped",
    "command": {"find": "p", "filter": {"a": 1}, "sort": {"b": 1}, "comment": "here", "$db": "shop"},
    "execStats": {"stage": "LIMIT", "inputStage": {"stage": "COLLSCAN", "filter": {"a": {"$eq": 1}}}},
}  # fmt: skip
CONNECTION_STATUS = {
    "authInfo": {
        "authenticatedUsers": [{"user": "app", "db": "admin"}],
        "authenticatedUserPrivileges": [
            {"resource": {"cluster": True}, "actions": ["serverStatus", "inprog"]},
            {"resource": {"db": "", "collection": "system.profile"}, "actions": ["find"]},
        ],
    }
}
AGGREGATE = {"aggregate": "p", "pipeline": [{"$match": {"a": 1}}, {"$sort": {"b": 1}}, {"$limit": 5}], "$db": "shop"}
TRUNCATED = {**PROFILED, "command": {"$truncated": '{ find: "p", filter: { a: 1'}}


def polled(kind: type[Source], answer: Callable[[Document], Document]) -> Sample:
    """The source's poll when the server answers so, and a second one for the rates."""
    system = open_system(connect_to("mongodb://127.0.0.1:1/?directConnection=true"), Settings())
    assert isinstance(system, MongoSystem)
    source: Any = next(source for source in system.sources() if isinstance(source, kind))
    member = system.members()[0]
    member.hello = {"setName": "rs0"}

    async def ask(command: Document, **_options: object) -> Reply:
        return Reply(answer(command), 1)

    async def poll() -> Sample:
        member.ask = ask  # type: ignore[method-assign, assignment]
        source._connected = True
        await source.poll()
        sample: Sample = await source.poll()
        await system.close()
        return sample

    sample = asyncio.run(poll())
    assert sample.failure is None, sample.failure
    if sample.payload is not None:
        assert_sound(sample.payload)
    return sample


@FEW
@given(st.lists(mutated(SAMPLES["serverStatus"], most=30), min_size=2, max_size=2))
def test_server_status(statuses: list[Document]) -> None:
    answers = iter(statuses)
    polled(MongoServerSource, lambda _: next(answers))


@FEW
@given(mutated(SAMPLES["replSetGetStatus"]), mutated(SAMPLES["replSetGetConfig"]))
def test_members(status: Document, config: Document) -> None:
    polled(MongoMembersSource, lambda command: config if "replSetGetConfig" in command else status)


@MANY
@given(mutated({"rows": [OPERATION, OPERATION], "shown": [{"n": 2}], "all": [{"n": 5}]}))
def test_operations(found: Document) -> None:
    sample = polled(MongoOperationsSource, lambda _: {"cursor": {"firstBatch": [found]}})
    assert isinstance(sample.payload, OperationList)
    for one in sample.payload.operations:
        for text in (one.op, one.ns, one.text, one.message or "", str(one.opid)):
            assert_safe_to_draw(text)


@FEW
@given(mutated({"cursor": {"firstBatch": [{"rows": [OPERATION], "shown": [{"n": 2}], "all": [{"n": 5}]}]}}, most=1))
def test_a_reply_without_operations(reply: Document) -> None:
    polled(MongoOperationsSource, lambda _: reply)


@MANY
@given(st.lists(mutated(PROFILED) | mutated(TRUNCATED), max_size=4))
def test_profiled_entries(entries: list[Document]) -> None:
    assert_digested(SlowQueryBatch(read_from="profiler", entries=slow_queries(entries, SlowestEntries())))


@MANY
@given(st.lists(mutated(msgspec.json.decode(LOG_LINE), JSON_VALUES) | st.text() | BSON_VALUES, max_size=4))
def test_slow_log_lines(lines: list[object]) -> None:
    written = [msgspec.json.encode(line).decode() if isinstance(line, dict) else line for line in lines]
    tail = SlowLogTail("perftui")
    tail.take({"log": [], "totalLinesWritten": 0})
    found = tail.take({"log": written, "totalLinesWritten": len(written)})
    assert_digested(SlowQueryBatch(read_from="slowlog", entries=slow_queries(found.entries)))


@FEW
@given(mutated({"log": [LOG_LINE], "totalLinesWritten": 1}), mutated({"log": [LOG_LINE] * 2, "totalLinesWritten": 3}))
def test_log_replies(first: Document, second: Document) -> None:
    tail = SlowLogTail("perftui")
    for reply in (first, second):
        assert_digested(SlowQueryBatch(read_from="slowlog", entries=slow_queries(tail.take(reply).entries)))


@MANY
@given(
    mutated(OPERATION["command"]) | mutated({"aggregate": "p", "pipeline": [{"$match": {"a": 1}}, {"$sort": {"b": 1}}]})
)
def test_shapes(command: Document) -> None:
    shape = shape_of(command, "shop.p")
    assert_safe_to_draw(shape.text)
    assert shape == shape_of(command, "shop.p")


@MANY
@given(st.lists(mutated([OPERATION, OPERATION]), min_size=2, max_size=3))
def test_sampled_operations(polls: list[list[Any]]) -> None:
    running = RunningOperations()
    for number, operations in enumerate([*polls, []]):
        ended = running.take([one for one in operations if isinstance(one, dict)], 1_700_000_000.0 + number)
        assert_digested(SlowQueryBatch(read_from="currentop", entries=slow_queries(ended)))


@MANY
@given(mutated(CONNECTION_STATUS))
def test_a_login(status: Document) -> None:
    for capability in Login(status).capabilities():
        assert_sound(capability)


def assert_digested(batch: SlowQueryBatch) -> None:
    """The batch is sound, and so is what the monitor makes of it."""
    assert_sound(batch)
    digest = Digest()
    digest.add(batch, 1_700_000_000.0)
    assert_sound(digest.summary(300.0, 1_700_000_000.0))
