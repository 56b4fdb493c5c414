"""Entries of every kind and of no kind become slow queries."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from bson import decode, encode
from bson.datetime_ms import DatetimeMS
from hypothesis import given
from hypothesis import strategies as st

from perftui.sources.mongodb.profile_entry import SlowestEntries, slow_queries, slow_query
from perftui.sources.mongodb.profiler import decoded

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        "ts",
        "millis",
        "op",
        "ns",
        "command",
        "originatingCommand",
        "docsExamined",
        "nreturned",
        "errMsg",
        "client",
        "appName",
        "execStats",
        "user",
    ]
)


@given(st.dictionaries(NAMES | st.text(max_size=5), JSON, max_size=8))
def test_no_entry_is_refused(entry: dict[str, Any]) -> None:
    (query,) = slow_queries([entry])
    assert query.duration_ms >= 0
    assert len(query.shape_id) == 17
    assert isinstance(json.loads(query.raw), dict)


def test_an_unknown_entry_is_shown_raw() -> None:
    (query,) = slow_queries([{"novelty": {"from": "mongod 12"}, "ns": "nodot"}])
    assert (query.op, query.ns, query.at) == ("command", "nodot", 0.0)
    assert json.loads(query.raw) == {"novelty": {"from": "mongod 12"}, "ns": "nodot"}


@pytest.mark.parametrize("moment", [datetime(2024, 1, 1), datetime(2024, 1, 1, tzinfo=UTC), DatetimeMS(1704067200000)])
def test_every_kind_of_date_is_a_time(moment: object) -> None:
    assert slow_query({"ts": moment}).at == 1704067200.0


def truncated(op: str, text: str, **plan: Any) -> dict[str, Any]:
    return {"op": op, "ns": "s.p", "command": {"$truncated": text}, "execStats": plan}


def test_a_command_too_long_for_the_profile_gets_its_shape_from_its_plan() -> None:
    scan = {"stage": "COLLSCAN", "filter": {"$and": [{"a": {"$eq": 1}}, {"b": {"$in": list(range(9))}}]}}
    sort = {"stage": "SORT", "sortPattern": {"c": -1}, "inputStage": scan}
    found = slow_query(truncated("query", '{ find: "p", filter: { b: {', **sort))
    assert (found.op, found.shape) == ("find", "find {a: ?, b: {$in: [2-200]}} sort {c: -1}")
    update = slow_query(truncated("update", "{ q: { a: 1, b:", stage="UPDATE", inputStage=scan))
    assert (update.op, update.shape) == ("update", "update {a: ?, b: {$in: [2-200]}}")


def test_a_plan_whose_index_took_a_part_of_the_filter_is_not_trusted() -> None:
    plan = {"stage": "FETCH", "filter": {"b": 1}, "inputStage": {"stage": "IXSCAN", "indexBounds": {}}}
    assert slow_query(truncated("query", '{ find: "p", filter', **plan)).shape == "find (cut by the server)"
    assert slow_query(truncated("command", '{ aggregate: "p"')).op == "aggregate"


def test_only_the_slowest_of_a_shape_in_a_slot_carries_its_entry() -> None:
    entries: list[dict[str, Any]] = [
        {"ts": DatetimeMS(1000 * at), "millis": ms, "ns": "s.p", "command": {"find": "p", "filter": {field: 1}}}
        for at, ms, field in [(1, 5, "a"), (2, 9, "a"), (3, 7, "a"), (20, 1, "a"), (2, 1, "b")]
    ]
    assert [bool(query.raw) for query in slow_queries(entries)] == [False, True, False, True, True]


def test_a_document_that_cannot_be_decoded_is_an_entry_too() -> None:
    good = encode({"ns": "s.p", "op": "query"})
    broken = good[:8] + b"\xff" + good[9:-1] + b"\x07"
    entries = decoded("shop", [good, broken])
    assert entries[0] == decode(good)
    (query,) = slow_queries(entries[1:])
    assert query.ns == "shop.?"
    assert query.error is not None
    assert "cannot be read" in query.error


def test_text_from_the_server_is_safe_and_bounded() -> None:
    bad = "\x1b[31m\x00\u202e" * 2000
    entry = {"ns": bad, "appName": bad, "user": bad, "errMsg": bad, "planSummary": bad, "command": {"comment": bad}}
    query = slow_query(entry)
    for text in (query.ns, query.app_name, query.user, query.error, query.plan_summary, query.comment, query.shape):
        assert text is not None
        assert len(text) <= 2000
        assert "\x1b" not in text
        assert "\u202e" not in text


def test_a_slot_of_fifteen_seconds_gives_its_whole_entry_only_to_ever_slower_ones() -> None:
    slowest = SlowestEntries()
    entry = {
        "ns": "shop.a",
        "op": "query",
        "command": {"find": "a", "filter": {"x": 1}},
        "ts": datetime(2026, 1, 1, tzinfo=UTC),
    }
    reads = [slow_queries([entry | {"millis": millis}], slowest) for millis in (20, 10, 30, 30)]
    assert [bool(query.raw) for read in reads for query in read] == [True, False, True, False]
    later = entry | {"millis": 5, "ts": datetime(2026, 1, 1, 0, 1, tzinfo=UTC)}
    assert slow_queries([later], slowest)[0].raw
