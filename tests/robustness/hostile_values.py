"""What a server could say instead of the truth, and what every answer of a reader must hold to."""

import datetime
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from bson import Binary, Code, Decimal128, Int64, MaxKey, ObjectId, Regex, Timestamp
from bson.datetime_ms import DatetimeMS
from hypothesis import Phase, settings
from hypothesis import strategies as st

from perftui.model.base import Model, plain

_PHASES = (Phase.explicit, Phase.generate)  # to shrink documents of this size takes minutes
FEW = settings(max_examples=40, deadline=None, derandomize=True, database=None, phases=_PHASES)
MANY = settings(max_examples=120, deadline=None, derandomize=True, database=None, phases=_PHASES)
Path = tuple[str | int, ...]

NUMBERS = (
    float("nan"), float("inf"), float("-inf"), 1e308, -1e308, 5e-324, 0, -1, 0.5, 10**400, 2**63, 2**64, -(2**63),
    2**53 + 1, 2**62, Int64(7), True,
)  # fmt: skip
TEXTS = ("", "12", "1e999", "nan", "-", "\x1b]0;pwned\x07", "\x00", "\u202e", "é" * 300, "%s{}", "[/bold]", "²")
WRONG_KINDS: tuple[Any, ...] = (
    None, False, [], {}, [1, None, "x"], {"a": {"b": []}}, {"n": float("nan")}, b"\xff\x00", ObjectId("0" * 24),
    Decimal128("NaN"), Regex("[", "i"), re.compile("a"), Timestamp(1, 2), MaxKey(), Binary(b"\x00" * 40, 4),
    Code("x"), DatetimeMS(2**62), datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC),
)  # fmt: skip
BSON_VALUES = st.sampled_from(NUMBERS + TEXTS + WRONG_KINDS) | st.text(max_size=20) | st.integers() | st.floats()
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from((2**64, 10**400, 1e308, 5e-324, -1, 2**62, *TEXTS)) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


@st.composite
def mutated(draw: st.DrawFn, document: Any, values: st.SearchStrategy[Any] = BSON_VALUES, most: int = 8) -> Any:
    """The document with some of its parts replaced or removed, anywhere in it."""
    changed = copied(document)
    for _ in range(draw(st.integers(1, most))):
        paths = list(_paths(changed))
        if not paths:
            return changed
        *way, last = draw(st.sampled_from(paths))
        holder = changed
        for step in way:
            holder = holder[step]
        if draw(st.integers(0, 4)) == 0:
            del holder[last]
        else:
            holder[last] = copied(draw(values))
    return changed


def copied(document: Any) -> Any:
    """With plain dicts and lists of its own."""
    if isinstance(document, Mapping):
        return {name: copied(value) for name, value in document.items()}
    return [copied(value) for value in document] if isinstance(document, list) else document


def _paths(document: Any, above: Path = ()) -> Iterator[Path]:
    parts = document.items() if isinstance(document, dict) else enumerate(document)
    for name, value in parts:
        yield (*above, name)
        if isinstance(value, dict | list):
            yield from _paths(value, (*above, name))


def assert_sound(model: Model) -> None:
    """It can be printed, recorded and read back equal; NaN or an infinity would come back as null."""
    document = msgspec.json.encode(model, enc_hook=plain)
    assert msgspec.json.decode(document, type=type(model)) == model
    frame = msgspec.msgpack.encode(model, enc_hook=plain)
    assert msgspec.msgpack.decode(frame, type=type(model)) == model


def assert_safe_to_draw(text: str) -> None:
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text), repr(text)
