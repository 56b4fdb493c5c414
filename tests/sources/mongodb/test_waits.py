"""What an execution waited for, as each version of the server writes it."""

import pytest

from perftui.sources.mongodb.profile_entry import slow_query
from perftui.sources.mongodb.waits import lock_wait_ms, queue_wait_ms

LOCKS = {
    "Global": {"acquireCount": {"w": 3}},
    "Database": {"acquireCount": {"w": 1}, "acquireWaitCount": {"w": 1}, "timeAcquiringMicros": {"w": 1500}},
    "Collection": {"timeAcquiringMicros": {"r": 250, "W": 250}},
}


def test_waits_for_all_locks_are_added_up() -> None:
    assert lock_wait_ms(LOCKS) == 2.0


@pytest.mark.parametrize(
    ("entry", "waited"),
    [
        ({"flowControl": {"acquireCount": 1, "timeAcquiringMicros": 4000}}, 4.0),
        ({"queues": {"ingress": {"admissions": 1}, "execution": {"totalTimeQueuedMicros": 7000}}}, 7.0),
        ({"storage": {"data": {"bytesRead": 5}, "timeWaitingMicros": {"cache": 1000, "schemaLock": 500}}}, 1.5),
        ({"flowControl": {}, "storage": {}, "queues": {}}, None),
        ({}, None),
        ({"flowControl": "x", "queues": {"a": 3}, "storage": {"timeWaitingMicros": "y"}}, None),
    ],
)
def test_waits_before_execution(entry: dict[str, object], waited: float | None) -> None:
    assert queue_wait_ms(entry.get("flowControl"), entry.get("queues"), entry.get("storage")) == waited
    assert slow_query(entry).queue_wait_ms == (waited or 0.0)


@pytest.mark.parametrize("locks", [None, 3, {}, {"Global": 3}, {"Global": {"timeAcquiringMicros": 3}}])
def test_what_is_no_wait_is_none(locks: object) -> None:
    assert lock_wait_ms(locks) is None


def test_an_entry_carries_its_waits_and_conflicts() -> None:
    query = slow_query({"locks": LOCKS, "writeConflicts": 6, "errMsg": "no", "errCode": 292})
    assert (query.lock_wait_ms, query.write_conflicts, query.error_code) == (2.0, 6, 292)
