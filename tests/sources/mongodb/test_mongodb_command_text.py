"""Commands as one line and as JSON, whatever is in them."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from bson import BSON, Binary, Code, DBRef, Decimal128, Int64, MaxKey, MinKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS

from perftui.model.command_text import one_line, to_json

IDENTITY = ObjectId("65a1b2c3d4e5f60718293a4b")
VALUES: dict[str, tuple[Any, str]] = {
    "oid": (IDENTITY, 'ObjectId("65a1b2c3d4e5f60718293a4b")'),
    "date": (datetime(2024, 2, 1, 12, 30, 0, 5000), 'ISODate("2024-02-01T12:30:00.005Z")'),
    "aware": (datetime(2024, 2, 1, tzinfo=UTC), 'ISODate("2024-02-01T00:00:00.000Z")'),
    "far": (DatetimeMS(2**62), f"ISODate({2**62} ms)"),
    "binary": (Binary(b"\x00\xff" * 8, 5), "BinData(5, 16 bytes)"),
    "bytes": (b"abc", "BinData(0, 3 bytes)"),
    "regex": (Regex("^a/b", "i"), "/^a/b/i"),
    "pattern": (re.compile("x", re.MULTILINE), "/x/m"),
    "decimal": (Decimal128("1.50"), 'NumberDecimal("1.50")'),
    "timestamp": (Timestamp(7, 2), "Timestamp(7, 2)"),
    "minimum": (MinKey(), "MinKey"),
    "maximum": (MaxKey(), "MaxKey"),
    "uuid": (UUID(int=5), 'UUID("00000000-0000-0000-0000-000000000005")'),
    "long": (Int64(2**60), str(2**60)),
    "nan": (float("nan"), "NaN"),
    "infinity": (float("-inf"), "-Infinity"),
    "null": (None, "null"),
    "true": (True, "true"),
    "list": ([1, "a", None], '[1, "a", null]'),
    "empty": ({}, "{}"),
    "quote": ('say "hi"\n\x00', '"say \\"hi\\"\\n\\0"'),
}


@pytest.mark.parametrize("name", VALUES)
def test_values_are_shown_as_the_shell_shows_them(name: str) -> None:
    value, shown = VALUES[name]
    assert one_line({"find": "p", "filter": {"x": value}}) == f'{{find: "p", filter: {{x: {shown}}}}}'
    assert json.loads(to_json({"x": value}))


def test_session_fields_are_left_out_and_odd_names_quoted() -> None:
    command = {"find": "p", "lsid": {"id": 1}, "$db": "shop", "$clusterTime": {}, "filter": {"a.b": 1, "$gt": 2}}
    assert one_line(command) == '{find: "p", filter: {"a.b": 1, $gt: 2}}'


def deep(levels: int) -> Mapping[str, Any]:
    document: dict[str, Any] = {"end": 1}
    for level in range(levels):
        document = {"a": document} if level % 2 else {"b": [document]}
    return document


HOSTILE: dict[str, Any] = {
    "escape": {"find": "\x1b[2J\x1b]0;title\x07", "\x1b[31m": 1},
    "override": {"x": "\u202etxt.exe\u2066"},
    "surrogate": {"x": "\ud800 and \udfff", "\ud800": 1},
    "long": {"x": "y" * 200_000},
    "wide": {f"field{number}": number for number in range(20_000)},
    "many": {"$in": list(range(50_000))},
    "deep": deep(1000),
    "binary": {"x": b"\xff" * 500_000},
    "escaped": {"x": "\x01" * 60_000},
    "emoji": {"x": "👩‍👩‍👧" * 9000},
    "huge": {"x": 10**30, "y": -(10**30)},
    "code": {"x": Code("while(1){}", {"a": 1}), "y": DBRef("c", 1)},
    "object": {"x": object()},
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_documents_are_bounded_one_line_and_valid(name: str) -> None:
    line = one_line(HOSTILE[name], limit=300)
    assert 0 < len(line) <= 300
    assert line.encode()
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202e\u2066]", line)
    text = to_json(HOSTILE[name])
    assert len(text) <= 65536
    assert isinstance(json.loads(text), dict)


def test_a_document_that_fits_is_whole_and_one_that_does_not_says_what_is_missing() -> None:
    fits = {"x": "y" * 50_000, "z": [1, 2, 3]}
    assert json.loads(to_json(fits)) == fits
    cut = json.loads(to_json({"x": list(range(100_000))}, limit=2000))
    assert re.fullmatch(r"… \d+ more", cut["x"][-1])


def test_extended_json_reads_back_as_bson() -> None:
    from bson.json_util import loads

    document = {"a": IDENTITY, "b": Int64(5), "c": Regex("^x", "i"), "d": Timestamp(1, 2), "e": Decimal128("2")}
    assert loads(to_json(document)) == {**BSON.encode(document).decode(), "b": 5}
