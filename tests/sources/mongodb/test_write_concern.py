"""Writes that wait for other members, from entries as mongod 6.0.5 shows them while a member is down."""

from typing import Any

import pytest

from perftui.sources.mongodb.operation_entry import describe, operation
from perftui.sources.mongodb.write_concern import awaited_concern

UPDATE: dict[str, Any] = {
    "opid": 460, "active": True, "op": "command", "ns": "shop.$cmd", "desc": "conn133", "type": "op", "appName": "shop",
    "client": "127.0.0.1:5", "waitingForLock": False, "locks": {}, "microsecs_running": 2_497_550,
    "waitingForLatch": {"captureName": "AnonymousLockable"},
    "command": {"update": "items", "ordered": True, "txnNumber": 1, "writeConcern": {"wtimeout": 60_000, "w": 2}},
}  # fmt: skip
INSERT: dict[str, Any] = {
    **UPDATE, "op": "insert", "ns": "shop.items", "microsecs_running": 1059,
    "command": {"insert": "items", "ordered": True, "writeConcern": {"w": "majority"}},
}  # fmt: skip
NOT_ASKED: dict[str, Any] = {"update": "items", "ordered": True}


def test_it_is_told_with_the_collection_that_was_written() -> None:
    found = operation(UPDATE, describe(UPDATE, None))
    assert (found.waiting_for, found.ns, found.running_s) == ("write concern 2", "shop.items", 2.498)


@pytest.mark.parametrize(
    ("entry", "concern"),
    [
        (UPDATE, "write concern 2"),
        (INSERT, "write concern majority"),
        ({**UPDATE, "command": NOT_ASKED}, "write concern"),
        ({**INSERT, "command": {"insert": "items"}}, "write concern"),
        (
            {**UPDATE, "command": {"findAndModify": "items", "writeConcern": {"w": "majority"}}},
            "write concern majority",
        ),
        ({**UPDATE, "command": {"commitTransaction": 1, "writeConcern": {"w": "majority"}}}, "write concern majority"),
    ],
)
def test_what_it_waits_for(entry: dict[str, Any], concern: str) -> None:
    assert awaited_concern(entry) == concern


@pytest.mark.parametrize(
    "fields",
    [
        {"locks": {"Global": "w"}},
        {"locks": None},
        {"writeConflicts": 3},
        {"active": False},
        {"microsecs_running": 20_000},
        {"microsecs_running": 300_000, "command": NOT_ASKED},
        {"command": {"update": "items", "writeConcern": {"w": 1}}},
        {"command": {"q": {}, "u": {}}},
        {"command": {"findAndModify": "items", "writeConcern": {"w": "majority"}}, "waitingForLatch": None},
        {"command": {"find": "items", "writeConcern": {"w": "majority"}}},
        {"command": {"$truncated": "{ update: 'items' }"}},
        {"command": {}},
    ],
    ids=str,
)
def test_what_works_or_has_hardly_begun_waits_for_nobody(fields: dict[str, Any]) -> None:
    assert awaited_concern({**UPDATE, **fields}) is None


def test_an_insert_that_nobody_asked_to_wait_says_so_only_at_the_latch() -> None:
    assert awaited_concern({**INSERT, "command": {"insert": "items"}, "waitingForLatch": None}) is None


@pytest.mark.parametrize(
    ("command", "ns", "expected"),
    [
        ({"collMod": "items"}, "shop.$cmd", "shop.items"),
        ({"validate": "items", "full": True}, "shop.$cmd", "shop.items"),
        ({"drop": "items"}, "shop.$cmd", "shop.items"),
        ({"convertToCapped": "items", "size": 1}, "shop.tmpSgFRx.convertToCapped.items", "shop.items"),
        ({"renameCollection": "shop.items", "to": "old.items"}, "shop.items", "shop.items"),
        ({"ping": 1}, "shop.$cmd", "shop.$cmd"),
        ({"validate": 5}, "shop.$cmd", "shop.$cmd"),
    ],
)
def test_a_command_on_a_collection_is_shown_on_it(command: dict[str, Any], ns: str, expected: str) -> None:
    """So that who waits for the collection is told from whom."""
    entry = {"opid": 1, "op": "command", "ns": ns, "command": command}
    assert operation(entry, describe(entry, None)).ns == expected
