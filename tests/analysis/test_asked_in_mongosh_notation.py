"""Queries as people type them, and samples without the values in them."""

import contextlib
import json
from datetime import datetime
from typing import Any

import bson
import pytest
from bson import Decimal128, Int64, ObjectId, Regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perftui.analysis.asked_query import AskedQuery, QueryUnreadable, asked_query
from perftui.analysis.mongosh_notation import NotationUnreadable, read_notation
from perftui.analysis.redacted import sample_text

OID = "6b06b4237d6427897d7d1fbb"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "{a: 1, 'b.c': \"x\", $or: [{d: true}, {e: null},],}",
            {"a": 1, "b.c": "x", "$or": [{"d": True}, {"e": None}]},
        ),
        ("{a: {$gt: -1.5e3}, b: .5}", {"a": {"$gt": -1500.0}, "b": 0.5}),
        (f"{{_id: ObjectId('{OID}')}}", {"_id": ObjectId(OID)}),
        (f'{{"_id": {{"$oid": "{OID}"}}}}', {"_id": ObjectId(OID)}),
        (
            "{n: NumberLong('5'), d: NumberDecimal('1.5'), i: NumberInt(3)}",
            {"n": Int64(5), "d": Decimal128("1.5"), "i": 3},
        ),
        ("{a: /^x\\/[/y]z/i}", {"a": Regex("^x\\/[/y]z", "i")}),
        ("{a: 'it\\'s \\u00e9', // why\n /* and */ b: 1}", {"a": "it's é", "b": 1}),
        ("[{$match: {a: 1}}]", [{"$match": {"a": 1}}]),
    ],
)
def test_what_mongosh_takes_is_read(text: str, value: Any) -> None:
    assert read_notation(text) == value


def test_dates_are_read() -> None:
    read = read_notation("{a: ISODate('2026-01-02T03:04:05Z'), b: new Date(0), c: {$date: '2026-01-02T03:04:05Z'}}")
    assert read["a"].replace(tzinfo=None) == read["c"] == datetime(2026, 1, 2, 3, 4, 5)
    assert read["b"].timestamp() == 0


@pytest.mark.parametrize(
    "text",
    ["", "{", "{a}", "{a: }", "{a: 1} {b: 2}", "{a: foo}", "{a: ObjectId('x')}", "{a: 'x}", "[1 2]", "{a: process()}"],
)
def test_anything_else_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(NotationUnreadable):
        read_notation(text)


@settings(max_examples=80, deadline=None)
@example("1" * 30)
@example("{a: 1e400}")
@example('{"$numberLong": "99999999999999999999999"}')
@given(st.text(max_size=60) | st.text(alphabet="{}[]:,'\"/\\$ab1 .()", max_size=60))
def test_hostile_text_is_refused_or_gives_values_that_a_server_takes(text: str) -> None:
    with contextlib.suppress(NotationUnreadable):
        value = read_notation(text)
        assert bson.decode(bson.encode({"value": value})).keys() == {"value"}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text().filter(lambda name: name[:1] != "$"), inner),
        max_leaves=10,
    )
)
def test_all_json_is_read_as_json(value: Any) -> None:
    assert read_notation(json.dumps(value)) == json.loads(json.dumps(value).encode("utf-8", "replace"))


def test_a_filter_a_pipeline_a_command_and_a_statement_name_their_collection() -> None:
    assert asked_query("{a: 1}", "shop.items") == AskedQuery({"find": "items", "filter": {"a": 1}}, "shop.items")
    assert asked_query("{filter: {a: 1}, sort: {b: 1}}", "shop.items").command["sort"] == {"b": 1}
    assert asked_query("[{$match: {a: 1}}]", "shop.items").command["aggregate"] == "items"
    assert asked_query("{count: 'items', query: {a: 1}}", None, "shop").ns == "shop.items"
    update = asked_query("{update: 'items', updates: [{q: {a: 1}, u: {$set: {b: 1}}}]}", "shop")
    assert update == AskedQuery({"q": {"a": 1}, "u": {"$set": {"b": 1}}}, "shop.items")
    for text, ns in (
        ("{a: 1}", "shop"),
        ("{find: 'items'}", None),
        ("{find: 'items'}", "shop.others"),
        ("5", "shop.items"),
    ):
        with pytest.raises(QueryUnreadable):
            asked_query(text, ns)


SECRET = "secret-4711"
COMMANDS: list[dict[str, Any]] = [
    {"find": "c", "filter": {"a": SECRET, "b": {"$in": [SECRET] * 9}, "c": {"$elemMatch": {"d": SECRET}}},
     "sort": {"a": 1}},
    {"find": "c", "filter": {"a": {"$regex": SECRET, "$options": "i"}, "$where": SECRET, "$text": {"$search": SECRET}}},
    {"find": "c", "filter": {"$expr": {"$eq": ["$a", SECRET]}, "p": f"${SECRET}"}, "let": {"x": SECRET}},
    {"aggregate": "c", "pipeline": [
        {"$match": {"a": {"b": SECRET}}}, {"$group": {"_id": {"$ifNull": ["$a", SECRET]}}}]},
    {"aggregate": "c", "pipeline": [
        {"$lookup": {"from": "d", "localField": "a", "foreignField": "b", "as": "x",
                     "pipeline": [{"$match": {"s": SECRET}}]}},
        {"$facet": {"one": [{"$match": {"s": SECRET}}]}}, {"$addFields": {"s": {"$literal": f"${SECRET}"}}},
        {"$geoNear": {"near": {"type": "Point", "coordinates": [4711, 4711]}, "query": {"a": SECRET}}}]},
    {"q": {"a": SECRET}, "u": {"$set": {"b": SECRET}, "$push": {"c": {"$each": [SECRET]}}}, "multi": True},
    {"findAndModify": "c", "query": {"a": SECRET}, "update": [{"$set": {"b": SECRET}}]},
    {"distinct": "c", "key": "a", "query": {"b": SECRET}, "comment": SECRET},
    {"update": "c", "updates": [{"q": {"a": SECRET}, "u": {"b": SECRET}}]},
    {"insert": "c", "documents": [{"a": SECRET}]},
]  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: next(iter(command)))
def test_a_sample_has_no_value_and_stays_json(command: dict[str, Any]) -> None:
    hidden = sample_text(command, values=False)
    assert "4711" not in hidden
    assert json.loads(hidden)
    assert "4711" in sample_text(command, values=True)
