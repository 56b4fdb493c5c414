"""Running operations as slow queries: each once, when it is gone."""

from typing import Any

from perftui.sources.mongodb.profile_entry import slow_query
from perftui.sources.mongodb.sampled import RunningOperations


def operation(opid: int, running_s: float) -> dict[str, Any]:
    command = {"find": "p", "filter": {"a": opid}}
    return {"opid": opid, "op": "query", "ns": "s.p", "command": command, "microsecs_running": running_s * 1e6}


def test_an_operation_counts_once_with_the_longest_time_seen() -> None:
    running = RunningOperations()
    assert running.take([operation(1, 0.2), operation(2, 5.0)], now=100.0) == []
    assert running.take([operation(1, 1.2), operation(2, 6.0)], now=101.0) == []
    ended = running.take([operation(2, 7.0)], now=102.0)
    assert [(entry["millis"], entry["ts"]) for entry in ended] == [(1200.0, 101_000)]
    query = slow_query(ended[0])
    assert (query.at, query.duration_ms, query.shape, query.op) == (101.0, 1200.0, "find {a: ?}", "find")
    assert [entry["millis"] for entry in running.take([], now=103.0)] == [7000.0]


def test_an_opid_used_again_is_another_operation() -> None:
    running = RunningOperations()
    running.take([operation(1, 3.0)], now=100.0)
    assert [entry["millis"] for entry in running.take([operation(1, 0.3)], now=101.0)] == [3000.0]
