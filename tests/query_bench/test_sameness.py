"""When results of two strategies are the same."""

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import Decimal128, Int64, ObjectId

from perftui.analysis.asked_query import AskedQuery
from perftui.model.bench.mongo import Agreement
from perftui.query_bench.execution import Read
from perftui.query_bench.question import Query, query_of
from perftui.query_bench.sameness import agreement, rows_of

SOME_ID, NOW = ObjectId(), datetime(2026, 1, 2, tzinfo=UTC)


def query(command: dict[str, Any]) -> Query:
    return query_of(AskedQuery(command, "shop.orders"))


FIND, COUNT = query({"find": "orders"}), query({"count": "orders"})
GROUP = query({"aggregate": "orders", "pipeline": [{"$group": {"_id": "$a"}}], "cursor": {}})
DISTINCT = query({"distinct": "orders", "key": "a"})


def judged(
    one: list[Any], other: list[Any], by: tuple[Query, Query] = (FIND, GROUP), *, complete: bool = True
) -> Agreement:
    bare = any(each in (COUNT, DISTINCT) for each in by)
    rows = [rows_of(each, Read(values, complete), bare=bare) for each, values in zip(by, (one, other), strict=True)]
    return agreement("one", rows[0], "other", rows[1])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([], []),
        ([{"_id": SOME_ID, "at": NOW, "a": [1, {"b": None}]}], [{"at": NOW, "a": [1, {"b": None}], "_id": SOME_ID}]),
        ([{"a": 5}], [{"a": 5.0}]),
        ([{"a": Int64(5)}], [{"a": Decimal128("5")}]),
        ([{"a": 0.1 + 0.2}], [{"a": 0.3}]),
        ([{"a": float("nan")}], [{"a": float("nan")}]),
    ],
)
def test_the_same(one: list[Any], other: list[Any]) -> None:
    assert judged(one, other).state == "same"


@pytest.mark.parametrize(
    ("one", "other", "why"),
    [
        ([{"a": 1}], [], "1 against 0 rows, of which 0 are alike"),
        ([{"a": 1}, {"a": 1}], [{"a": 1}], "2 against 1 row, of which 1 are alike"),
        ([{"a": 1}], [{"b": 1}], "1 against 1 row, of which 0 are alike"),
        ([{"a": 1}], [{"a": True}], "of which 0"),
        ([{"a": 1}], [{"a": "1"}], "of which 0"),
        ([{"a": None}], [{}], "of which 0"),
        ([{"a": [1, 2]}], [{"a": [2, 1]}], "of which 0"),
        ([{"a": 2**60}], [{"a": 2**60 + 1}], "of which 0"),
        ([{"a": SOME_ID}], [{"a": str(SOME_ID)}], "of which 0"),
    ],
)
def test_different(one: list[Any], other: list[Any], why: str) -> None:
    found = judged(one, other)
    assert (found.state, why in found.why) == ("different", True), found.why


def test_the_order_is_told_apart_where_there_is_one() -> None:
    one, other = [{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}]
    assert judged(one, other).state == "other order"
    assert judged([1, 2], other, (DISTINCT, GROUP)).state == "same"


def test_values_and_documents_of_one_field_are_compared() -> None:
    assert judged([7], [{"n": 7}], (COUNT, GROUP)).state == "same"
    assert judged([0], [], (COUNT, GROUP)).state == "same"
    assert judged([7], [{"n": 8}], (COUNT, GROUP)).state == "different"
    assert judged(["x"], [{"_id": "x", "n": 1}], (DISTINCT, GROUP)).state == "different"


def test_a_result_that_was_cut_is_not_judged() -> None:
    assert judged([{"a": 1}], [{"a": 1}], complete=False).state == "not known"
