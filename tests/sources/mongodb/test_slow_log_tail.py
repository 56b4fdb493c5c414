"""Slow query lines from the log in memory, once each."""

import json
from typing import Any

from perftui.sources.mongodb.profile_entry import slow_query
from perftui.sources.mongodb.slow_log import SlowLogTail, slow_log_entry

ATTRIBUTES = {
    "type": "command",
    "ns": "shop.prompts",
    "appName": "shop",
    "command": {"find": "prompts", "filter": {"createdAt": {"$gt": {"$date": "2024-01-01T00:00:00Z"}}}, "$db": "shop"},
    "planSummary": "COLLSCAN",
    "keysExamined": 0,
    "docsExamined": 5000,
    "hasSortStage": True,
    "nreturned": 7,
    "reslen": 333,
    "numYields": 5,
    "remote": "10.0.0.1:5555",
    "durationMillis": 152,
}


def line(**changes: Any) -> str:
    attributes = {**ATTRIBUTES, **changes}
    record = {"t": {"$date": "2024-03-01T12:00:00.250+00:00"}, "s": "I", "c": "COMMAND", "id": 51803, "ctx": "conn1"}
    return json.dumps({**record, "msg": "Slow query", "attr": attributes}, separators=(",", ":"))


OTHER = json.dumps({"t": {"$date": "2024-03-01T12:00:00.250+00:00"}, "id": 22943, "msg": "Connection accepted"})


def reply(lines: list[str], written: int) -> dict[str, object]:
    return {"log": lines, "totalLinesWritten": written, "ok": 1}


def test_a_line_says_what_the_profile_would() -> None:
    entry = slow_log_entry(line())
    assert entry is not None
    query = slow_query(entry)
    assert query.at == 1709294400.25
    assert (query.op, query.ns, query.duration_ms) == ("find", "shop.prompts", 152.0)
    assert query.shape == "find {createdAt: {$gt: ?}}"
    assert (query.examined_documents, query.examined_keys, query.returned) == (5000, 0, 7)
    assert (query.response_bytes, query.yields, query.client) == (333, 5, "10.0.0.1:5555")
    assert query.sort_in_memory


def test_each_line_is_read_once_and_a_gap_is_told() -> None:
    tail = SlowLogTail("perftui")
    assert len(tail.take(reply([OTHER, line()], 2)).entries) == 1
    assert tail.take(reply([OTHER, line()], 2)) == ([], False)
    read = tail.take(reply([line(), OTHER, line(ns="a.b")], 4))
    assert ([each["ns"] for each in read.entries], read.lost) == (["a.b"], False)
    read = tail.take(reply([line(), line(), line()], 9))
    assert (len(read.entries), read.lost) == (3, True)


def test_after_a_restart_the_whole_new_log_is_new() -> None:
    tail = SlowLogTail("perftui")
    tail.take(reply([line()] * 5, 500))
    assert len(tail.take(reply([line()] * 3, 3)).entries) == 3


def test_a_restart_is_told_by_another_line_in_the_place_of_the_last_one() -> None:
    tail = SlowLogTail("perftui")
    tail.take(reply([OTHER, line(ns="before.it")], 2))
    read = tail.take(reply([OTHER, line(ns="a.b"), line(ns="a.c")], 3))
    assert ([each["ns"] for each in read.entries], read.lost) == (["a.b", "a.c"], False)


def test_own_queries_and_unreadable_lines_are_left_out() -> None:
    broken = ['{"id":51803', '{"id":51803}', '"id":51803', "[" * 5000 + '"id":51803', line()[:-30], "\ud800"]
    tail = SlowLogTail("perftui")
    read = tail.take(reply([line(appName="perftui"), *broken, line()], 8))
    assert [each["appName"] for each in read.entries] == ["shop"]
    assert slow_log_entry(7) is None
    assert tail.take({"log": None}).entries == []
