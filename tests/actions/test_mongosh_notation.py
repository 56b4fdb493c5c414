"""What is shown is what is sent, type by type."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from bson import Binary, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp

from perftui.actions.index_spec import keep, kept
from perftui.actions.mongosh import mongosh, run_command

VALUES: list[tuple[object, str]] = [
    ({"a": 1, "b.c": -1, "$**": 1, "it's": 1}, '{a: 1, "b.c": -1, "$**": 1, "it\'s": 1}'),
    ([True, False, None], "[true, false, null]"),
    (1.0, "Double(1)"),
    (0.5, "0.5"),
    (float("inf"), "Infinity"),
    (2**40, 'NumberLong("1099511627776")'),
    (Int64(5), 'NumberLong("5")'),
    ('say "hi"\n', '"say \\"hi\\"\\n"'),
    ("größe", '"größe"'),
    (datetime(2026, 1, 2, tzinfo=UTC), 'ISODate("2026-01-02T00:00:00.000Z")'),
    (ObjectId("0123456789abcdef01234567"), 'ObjectId("0123456789abcdef01234567")'),
    (Regex("^a/b", "i"), 'RegExp("^a/b", "i")'),
    (Decimal128("1.5"), 'NumberDecimal("1.5")'),
    (Timestamp(5, 6), "Timestamp(5, 6)"),
    (Binary(b"\x01\xff", 0), 'HexData(0, "01ff")'),
    (UUID(int=1), 'UUID("00000000-0000-0000-0000-000000000001")'),
    (MinKey(), "MinKey()"),
    (MaxKey(), "MaxKey()"),
]


@pytest.mark.parametrize(("value", "text"), VALUES, ids=[text[:20] for _, text in VALUES])
def test_every_type_has_its_notation(value: object, text: str) -> None:
    assert mongosh(value) == text


def test_the_database_is_named_whatever_is_in_use() -> None:
    assert run_command("my-shop", {"collMod": "a"}) == 'db.getSiblingDB("my-shop").runCommand({collMod: "a"})'


def test_what_cannot_be_shown_is_not_sent() -> None:
    with pytest.raises(ValueError, match="cannot be shown exactly"):
        mongosh({"a": object()})


def test_definitions_are_kept_with_their_types_and_order() -> None:
    definition: dict[str, Any] = {
        "v": 2, "key": {"b": 1.0, "a": -1}, "name": "x", "expireAfterSeconds": Int64(5),
        "partialFilterExpression": {"at": {"$gt": datetime(2026, 1, 2)}},
    }  # fmt: skip
    again = kept(keep(definition))
    assert again == definition
    assert list(again["key"]) == ["b", "a"]
    assert isinstance(again["key"]["b"], float)
    assert isinstance(again["expireAfterSeconds"], Int64)
