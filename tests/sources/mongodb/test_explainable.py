"""What of a command can be explained, and why not: entries of the profile, running operations, JSON."""

import json
from typing import Any

import pytest
from bson import Code, Int64, ObjectId
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.model.document_json import to_json
from perftui.sources.mongodb.explain import Explainable, Refusal, explainable

SESSION = {
    "lsid": {"id": 1}, "$clusterTime": {}, "txnNumber": Int64(1), "autocommit": False, "startTransaction": True,
    "readConcern": {"level": "snapshot"}, "writeConcern": {"w": "majority"}, "maxTimeMS": 5, "comment": "c",
    "$readPreference": {"mode": "nearest"}, "apiVersion": "1", "runtimeConstants": {"localNow": 1}, "$audit": {},
    "needsMerge": True, "fromMongos": True, "ntoreturn": 5, "batchSize": 100, "singleBatch": True, "explain": True,
    "tailable": True, "awaitData": True, "noCursorTimeout": True, "shardVersion": [1], "databaseVersion": {},
    "stmtIds": [1], "bypassDocumentValidation": True, "oplogReplay": True, "allowPartialResults": True,
    "exchange": {}, "collectionUUID": 1, "ordered": False, "clientOperationKey": 5, "isMapReduceCommand": True,
}  # fmt: skip
"""What belongs to the session, the connection, the router or the cursor."""


def explained(command: Any, ns: str = "shop.orders", op: str = "") -> dict[str, Any]:
    found = explainable(command, ns, op)
    assert isinstance(found, Explainable), found
    return found.command


def refused(command: Any, ns: str = "shop.orders", op: str = "") -> str:
    found = explainable(command, ns, op)
    assert isinstance(found, Refusal), found
    assert found.message.endswith(".")
    return found.message


@pytest.mark.parametrize(
    "command",
    [
        {"find": "orders", "filter": {"a": 1}, "sort": {"b": -1}, "limit": 5, "hint": "a_1", "let": {"x": 1}},
        {"aggregate": "orders", "pipeline": [{"$match": {"a": 1}}], "allowDiskUse": True, "cursor": {}},
        {"count": "orders", "query": {"a": 1}, "skip": 2, "collation": {"locale": "de"}},
        {"distinct": "orders", "key": "a", "query": {"b": 1}},
        {"update": "orders", "updates": [{"q": {"a": 1}, "u": {"$set": {"b": 1}}, "multi": True}]},
        {"delete": "orders", "deletes": [{"q": {"a": 1}, "limit": 1}]},
        {"findAndModify": "orders", "query": {"a": 1}, "update": {"$inc": {"b": 1}}, "new": True, "sort": {"a": 1}},
    ],
    ids=lambda command: next(iter(command)),
)
def test_nothing_of_the_session_or_the_connection_is_kept(command: dict[str, Any]) -> None:
    sent = command | SESSION | {"$db": "shop"}
    if "aggregate" in command:
        sent["cursor"] = {"batchSize": 2}
    assert explained(sent, "elsewhere.orders") == command
    found = explainable(sent)
    assert isinstance(found, Explainable)
    assert (found.ns, found.op, found.never_run) == ("shop.orders", next(iter(command)).lower(), None)


@pytest.mark.parametrize(
    ("command", "becomes"),
    [
        (
            {"q": {"a": 1}, "u": {"$set": {"b": 1}}, "multi": True, "upsert": False},
            {"update": "orders", "updates": [{"q": {"a": 1}, "u": {"$set": {"b": 1}}, "multi": True, "upsert": False}]},
        ),
        ({"q": {"a": 1}, "limit": 1}, {"delete": "orders", "deletes": [{"q": {"a": 1}, "limit": 1}]}),
        ({"q": {"a": 1}}, {"delete": "orders", "deletes": [{"q": {"a": 1}, "limit": 0}]}),
        (
            {"findandmodify": "orders", "query": {"a": 1}, "remove": True},
            {"findAndModify": "orders", "query": {"a": 1}, "remove": True},
        ),
        ({"count": "orders", "query": None}, {"count": "orders"}),
        ({"find": "orders"}, {"find": "orders"}),
        (
            {"getMore": Int64(5), "collection": "orders", "originatingCommand": {"find": "orders", "filter": {"a": 1}}},
            {"find": "orders", "filter": {"a": 1}},
        ),
        (
            {"aggregate": "orders", "pipeline": {"$match": {}}, "explain": True},
            {"aggregate": "orders", "pipeline": [{"$match": {}}], "cursor": {}},
        ),
    ],
)
def test_what_the_server_shows_becomes_a_command_again(command: dict[str, Any], becomes: dict[str, Any]) -> None:
    assert explained(command) == becomes


def test_a_profile_entry_and_a_running_operation_hold_their_command() -> None:
    command = {"find": "orders", "filter": {"a": 1}, "$db": "shop", "lsid": {"id": 1}}
    getmore = {"ns": "shop.orders", "op": "getmore", "command": {"getMore": 1, "collection": "orders"}}
    kept = {"find": "orders", "filter": {"a": 1}}
    assert explained({"ns": "shop.orders", "op": "query", "command": command}, "") == kept
    assert explained(getmore | {"originatingCommand": command}, "") == kept
    assert explained(getmore | {"cursor": {"originatingCommand": command}}, "") == kept
    assert "goes on with a cursor" in refused(getmore, "")


def test_json_becomes_values_again() -> None:
    identifier = ObjectId()
    command = {"find": "orders", "filter": {"_id": identifier, "n": {"$in": [1, 2.5, None]}}}
    assert explained(to_json({"ns": "shop.orders", "op": "query", "command": command}), "") == command
    assert (
        explained(json.dumps({"find": "orders", "filter": {"at": {"$date": "2026-01-01T00:00:00Z"}}}))["filter"][
            "at"
        ].year
        == 2026
    )
    assert "no JSON" in refused("db.orders.find()")
    assert "is a document" in refused("[1]")


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ({"insert": "orders", "documents": [{}]}, "reads nothing"),
        ({"getMore": Int64(5), "collection": "orders"}, "goes on with a cursor"),
        ({"explain": {"find": "orders"}}, "explained itself"),
        ({"mapReduce": "orders", "map": Code("x")}, "never runs"),
        ({"bulkWrite": 1, "ops": []}, "several collections"),
        ({"$truncated": '{ find: "orders" ...'}, "cut this command short"),
        ({"find": "orders", "filter": {"a": {"$truncated": "12 more fields"}}}, "cut this command short"),
        ({"find": "orders", "filter": {"a": {"$in": [1, "… 900 more"]}}}, "cut this command short"),
        ({"update": "orders", "updates": [{"q": {}, "u": {}}] * 3}, "batch of 3 statements"),
        ({"delete": "orders", "ordered": True}, "without its statements"),
        ({"delete": "orders", "deletes": [5]}, "without its statements"),
        ({"aggregate": 1, "pipeline": [{"$currentOp": {}}]}, "reads no collection"),
        ({"aggregate": "orders", "pipeline": [{"$documents": []}]}, "reads no collection"),
        ({"aggregate": "orders", "pipeline": "x"}, "no pipeline"),
        ({"hello": 1}, "hello has no plan"),
        ({}, "has no plan"),
    ],
)
def test_what_cannot_be_explained_says_why(command: dict[str, Any], words: str) -> None:
    assert words in refused(command)


@pytest.mark.parametrize(("command", "ns"), [({"find": "a"}, ""), ({"q": {}}, "shop"), ({"find": "a\0b"}, "shop.a")])
def test_a_collection_must_be_known(command: dict[str, Any], ns: str) -> None:
    assert "not known which collection" in refused(command, ns)


@pytest.mark.parametrize(
    ("stage", "words"),
    [({"$out": "x"}, "writes its result"), ({"$merge": "x"}, "writes its result"), ({"$changeStream": {}}, "waits")],
)
def test_what_writes_or_waits_is_planned_but_never_run(stage: dict[str, Any], words: str) -> None:
    found = explainable({"aggregate": "orders", "pipeline": [stage]}, "shop.orders")
    assert isinstance(found, Explainable)
    assert words in (found.never_run or "")


FUNCTION = {"$function": {"body": "function() {}", "args": [], "lang": "js"}}
SAFE = {"a": 1}
SCRIPTED = SAFE | {"$expr": FUNCTION}


@pytest.mark.parametrize(
    ("command", "rest"),
    [
        ({"find": "o", "filter": {**SAFE, "$where": "1"}}, {"find": "o", "filter": SAFE}),
        ({"find": "o", "filter": {"$and": [SAFE, {"$where": Code("1")}]}}, {"find": "o", "filter": {"$and": [SAFE]}}),
        ({"find": "o", "filter": {**SAFE, "$expr": FUNCTION}}, {"find": "o", "filter": SAFE}),
        ({"find": "o", "filter": SAFE, "projection": {"x": FUNCTION}}, {"find": "o", "filter": SAFE}),
        ({"count": "o", "query": {"$where": "1"}}, {"count": "o", "query": {}}),
        ({"q": {**SAFE, "$where": "1"}, "limit": 0}, {"delete": "o", "deletes": [{"q": SAFE, "limit": 0}]}),
        (
            {"aggregate": "o", "pipeline": [{"$match": SCRIPTED}, {"$sort": SAFE}, {"$set": {"x": FUNCTION}}]},
            {"aggregate": "o", "pipeline": [{"$match": SAFE}, {"$sort": SAFE}], "cursor": {}},
        ),
        (
            {"aggregate": "o", "pipeline": [{"$group": {"_id": 1, "x": {"$accumulator": {}}}}, {"$out": "x"}]},
            {"aggregate": "o", "pipeline": [], "cursor": {}},
        ),
    ],
)  # fmt: skip
def test_javascript_is_left_out_and_said_so(command: dict[str, Any], rest: dict[str, Any]) -> None:
    found = explainable(command, "shop.o")
    assert isinstance(found, Explainable)
    assert found.command == rest
    assert "JavaScript" in found.notes[0]
    assert "never runs" in (found.never_run or "")


@pytest.mark.parametrize(
    "command",
    [
        {"find": "o", "filter": {"$or": [SAFE, {"$where": "1"}]}},
        {"find": "o", "filter": SAFE, "let": {"x": FUNCTION}},
        {"q": SAFE, "u": [{"$set": {"x": FUNCTION}}]},
        {"update": "o", "updates": [{"q": SAFE, "u": [{"$set": {"x": FUNCTION}}]}]},
        {"findAndModify": "o", "query": SAFE, "update": [{"$set": {"x": FUNCTION}}]},
        {"find": "o", "filter": {"a": Code("function() {}")}},
    ],
)
def test_javascript_that_cannot_be_left_out_is_refused(command: dict[str, Any]) -> None:
    assert "holds JavaScript" in refused(command, "shop.o")


def test_the_command_is_shown_as_it_is_sent() -> None:
    found = explainable({"find": "o", "filter": {"a": 1}}, "shop.o")
    assert isinstance(found, Explainable)
    assert found.shell_command("queryPlanner", 5) == (
        'db.getSiblingDB("shop").runCommand({explain: {find: "o", filter: {a: 1}}, '
        'verbosity: "queryPlanner", maxTimeMS: 5})'
    )


_VALUES = st.recursive(
    st.one_of(st.none(), st.integers(), st.text(max_size=8), st.booleans(), st.floats(), st.binary(max_size=4)),
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(
            st.sampled_from(("q", "u", "$where", "$and", "$match", "pipeline", "ns", "command", "a", "$truncated")),
            below,
            max_size=3,
        ),
    ),
    max_leaves=15,
)
_COMMANDS = ("find", "aggregate", "count", "distinct", "update", "delete", "findAndModify", "q", "getMore", "command")
_FIELDS = ("ns", "filter", "query", "updates", "deletes", "pipeline", "let", "$db", "cursor")


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            (*_COMMANDS, "ns", "filter", "query", "updates", "deletes", "pipeline", "let", "$db", "cursor")
        ),
        _VALUES,
        max_size=5,
    ),
    st.text(max_size=10),
)
def test_any_document_is_explained_or_refused(command: dict[str, Any], ns: str) -> None:
    for given_command in (command, to_json(command)):
        found = explainable(given_command, ns)
        assert isinstance(found, Explainable | Refusal)
        if isinstance(found, Explainable):
            assert found.shell_command("queryPlanner", 1)
            assert "$where" not in repr(found.command)
