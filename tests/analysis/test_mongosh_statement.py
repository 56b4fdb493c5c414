"""Statements of mongosh as the commands that they send."""

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.analysis.asked_query import QueryUnreadable, asked_query
from perftui.analysis.mongosh_notation import NotationUnreadable, read_notation

COUNTED = {"$group": {"_id": 1, "n": {"$sum": 1}}}


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("db.a.find()", {"find": "a", "filter": {}}),
        (
            "db.a.find({b: 1}, {c: 1})\n  .sort({d: -1}) // newest\n  .skip(5).limit(10).hint('b_1').toArray();",
            {"find": "a", "filter": {"b": 1}, "projection": {"c": 1}, "sort": {"d": -1}, "skip": 5, "limit": 10,
             "hint": "b_1"},
        ),
        ("db.a.find({}, null, {sort: {b: 1}, comment: 'x'})", {"find": "a", "filter": {}, "sort": {"b": 1}}),
        ("db.a.findOne({b: 1})", {"find": "a", "filter": {"b": 1}, "limit": 1}),
        ("db.a.find({b: 1}).count()", {"count": "a", "query": {"b": 1}}),
        ("db.a.find().projection({b: 1}).allowDiskUse()",
         {"find": "a", "filter": {}, "projection": {"b": 1}, "allowDiskUse": True}),
        ("db.a.aggregate([{$match: {b: 1}}], {allowDiskUse: true, maxTimeMS: 5})",
         {"aggregate": "a", "pipeline": [{"$match": {"b": 1}}], "cursor": {}, "allowDiskUse": True}),
        ("db.a.aggregate({$match: {b: 1}}, {$limit: 1})",
         {"aggregate": "a", "pipeline": [{"$match": {"b": 1}}, {"$limit": 1}], "cursor": {}}),
        ("db.a.count({b: 1})", {"count": "a", "query": {"b": 1}}),
        ("db.a.estimatedDocumentCount()", {"count": "a", "query": {}}),
        ("db.a.countDocuments({b: 1})",
         {"aggregate": "a", "pipeline": [{"$match": {"b": 1}}, COUNTED], "cursor": {}}),
        ("db.a.distinct('b', {c: 1})", {"distinct": "a", "key": "b", "query": {"c": 1}}),
        ("db.a.b.c.find()", {"find": "a.b.c", "filter": {}}),
        ("db['a-b'].find()", {"find": "a-b", "filter": {}}),
        ("db.getCollection('a b').find()", {"find": "a b", "filter": {}}),
        ("db.getSiblingDB('x').a.find()", {"find": "a", "filter": {}, "$db": "x"}),
        ("db.getSiblingDB('x').runCommand({find: 'a', filter: {b: 1}})",
         {"find": "a", "filter": {"b": 1}, "$db": "x"}),
        ("db.a.updateMany({b: 1}, {$set: {c: 1}})",
         {"update": "a", "updates": [{"q": {"b": 1}, "u": {"$set": {"c": 1}}}]}),
        ("db.a.deleteOne({b: 1})", {"delete": "a", "deletes": [{"q": {"b": 1}, "limit": 0}]}),
    ],
)  # fmt: skip
def test_what_a_statement_sends(text: str, command: dict[str, Any]) -> None:
    assert read_notation(text) == command


def test_statements_stand_where_values_do() -> None:
    assert read_notation("{one: db.a.find({b: 1}), two: [db.c.count()]}") == {
        "one": {"find": "a", "filter": {"b": 1}},
        "two": [{"count": "c", "query": {}}],
    }


def test_a_statement_is_a_query() -> None:
    assert asked_query("db.getSiblingDB('shop').orders.find({a: 1})", None).ns == "shop.orders"
    assert asked_query("db.orders.find({a: 1})", None, "shop").ns == "shop.orders"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("db", "a method such as find() is expected"),
        ("db.a", "a method such as find() is expected"),
        ("db.find()", "find() is nothing that could be asked here"),
        ("db.a.drop()", "drop() is nothing that could be asked here"),
        ("db.a.find().forEach(x)", "a value is expected"),
        ("db.a.find().forEach()", "forEach() is nothing that could be asked here"),
        ("db.a.find().explain()", "leave explain() out"),
        ("db.a.find(5)", "find(...) does not take what it is given"),
        ("db.a.distinct()", "distinct(...) does not take what it is given"),
        ("db.a.find({}", "a comma or ) is expected"),
        ("db.a.", "a name is expected"),
        ("db[].find()", "a name is expected"),
        ("db.a.find() db.b.find()", "something follows the end of it"),
        ("db.dropDatabase()", "dropDatabase() is nothing that could be asked here"),
    ],
)
def test_what_is_none_is_told_with_its_place(text: str, words: str) -> None:
    with pytest.raises(NotationUnreadable) as refused:
        read_notation(text)
    assert words in str(refused.value)


@settings(max_examples=80, deadline=None)
@given(st.text(alphabet="db.a[]()'{}:1,;find sort$", max_size=40))
def test_whatever_follows_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(QueryUnreadable):
        assert asked_query(f"db.{text}", "shop.orders").ns.startswith("shop.")
