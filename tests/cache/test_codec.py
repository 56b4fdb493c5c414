"""A value comes back from its bytes as what it was, or is not taken at all."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import MsgspecError, Struct, msgpack
from redis import Redis

from perftui import CacheMonitor, PlainCodec, ReadThrough, RedisStore, Registry, WriteBehind
from perftui.cache.codec import packed, unpacked
from perftui.cache.entry import Entry
from perftui.instrument import build_document
from perftui.servers import RedisProcess

NAIVE = datetime(2026, 1, 2, 3, 4, 5, 678)
KEPT: list[Any] = [
    None, True, 1, -(2**63), 2**64 - 1, 2.5, float("inf"), "zwei ✓", b"\x00\xff", bytearray(b"x"),
    [1, [2]], {"a": {1: None, 2.5: [], b"k": {}, None: 1}}, (1, (2, "b")), {1, 2}, frozenset({"a"}), {(1, 2)},
    NAIVE, NAIVE.replace(tzinfo=UTC), NAIVE.replace(tzinfo=timezone(timedelta(hours=2))), NAIVE.date(), NAIVE.time(),
    timedelta(days=-3, microseconds=1), Decimal("1.50"), Decimal("1E+400"), UUID(int=7),
    {"rows": [(1, NAIVE, Decimal("0.1")), (2, None, Decimal("0.2"))], "tags": {"a"}},
]  # fmt: skip


def same(one: Any, other: Any) -> bool:
    """Equal, and of one type, all the way down; a time also by its offset."""
    if type(one) is not type(other) or one != other:
        return False
    if isinstance(one, dict):
        return all(map(same, one.items(), other.items()))
    if isinstance(one, list | tuple):
        return all(map(same, one, other))
    return not isinstance(one, datetime) or one.isoformat() == other.isoformat()


def there_and_back(value: Any) -> Any:
    return PlainCodec().decode(PlainCodec().encode(value))


@pytest.mark.parametrize("value", KEPT, ids=lambda value: type(value).__name__)
def test_a_value_comes_back_as_what_it_was(value: Any) -> None:
    assert same(there_and_back(value), value)
    assert same(there_and_back([{"deep": value}]), [{"deep": value}])


LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False) | st.text() | st.binary()
    | st.datetimes() | st.dates() | st.times() | st.timedeltas() | st.decimals(allow_nan=False) | st.uuids()
)  # fmt: skip


def test_half_a_character_is_text_too() -> None:
    assert there_and_back("\ud800") == "\ud800"


@given(
    st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.lists(inner).map(tuple))
)
def test_whatever_is_taken_comes_back_as_what_it_was(value: Any) -> None:
    assert same(there_and_back(value), value)


class Colour(Enum):
    RED = "red"


class Size(StrEnum):
    LARGE = "large"


@dataclass
class Point:
    x: int


class Record(Struct):
    x: int


class Text(str):
    """As templates mark text that is safe."""


class Pair(NamedTuple):
    a: int
    b: int


class Day(date):
    pass


REFUSED: list[Any] = [
    Colour.RED, Size.LARGE, Point(1), Record(1), Text("<b>"), Day(2026, 1, 2), OrderedDict(a=1), memoryview(b"x"),
    Pair(1, 2), {(1, 2): 3}, {date(2026, 1, 2): 3}, {Size.LARGE: 3}, 1j, object(),
]  # fmt: skip


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: type(value).__name__)
def test_what_would_come_back_as_another_type_is_not_taken(value: Any) -> None:
    for whole in (value, [1, {"deep": value}], (value,)):
        with pytest.raises(TypeError):
            PlainCodec().encode(whole)


def test_a_circle_is_not_taken() -> None:
    circle: list[Any] = [(1, 2)]
    circle += [circle, circle]
    with pytest.raises(RecursionError):
        PlainCodec().encode(circle)


def test_what_an_earlier_release_stored_is_read() -> None:
    """It wrote a naive time as text."""
    old = b"o" + msgpack.encode({"at": NAIVE, "n": 1, "utc": NAIVE.replace(tzinfo=UTC)})
    assert PlainCodec().decode(old) == {"at": NAIVE.isoformat(), "n": 1, "utc": NAIVE.replace(tzinfo=UTC)}


def test_an_earlier_release_misses_what_it_cannot_read_and_so_do_we() -> None:
    data = PlainCodec().encode({"at": NAIVE})
    with pytest.raises(MsgspecError):
        msgpack.decode(data[1:])  # as it read whatever was neither bytes nor text
    later = packed(Entry(1, 0.0), PlainCodec())[:-2] + b"x\xc1" + msgpack.encode(msgpack.Ext(99, b""))
    assert unpacked(later, PlainCodec()) is None


def test_a_hit_gives_what_the_first_call_gave_and_what_cannot_be_kept_is_counted(redis_server: RedisProcess) -> None:
    registry = Registry()
    with Redis(port=redis_server.port, db=11) as client:
        client.flushdb()
        pages = ReadThrough(RedisStore(client, monitor=CacheMonitor("one", registry)), 60)
        document = {"at": NAIVE, "price": Decimal("1.50"), "ids": (1, 2)}
        assert all(same(pages.get("kept", lambda: document), document) for _ in range(3))
        assert [pages.get("not kept", lambda: Point(1)) for _ in range(3)] == [Point(1)] * 3
        assert client.keys("cache:*") == [b"cache:kept"]
        client.flushdb()
    found = (build_document(registry).cache or {})["one"]
    assert (found.hits, found.misses, found.errors) == (2, 4, 3)


def test_what_is_written_behind_is_what_was_put(tmp_path: Path) -> None:
    kept: list[Any] = []
    value = {"at": NAIVE, "price": Decimal("1.50"), "time": time(1, 2)}
    with WriteBehind(kept.extend, tmp_path) as behind:
        behind.put("a", value)
        with pytest.raises(TypeError, match="Point"):
            behind.put("b", Point(1))
        assert behind.flush(60)
    assert same(kept[0].value, value)
