"""Servers' JSON as lines."""

import json

from hypothesis import given
from hypothesis import strategies as st

from perftui.tui.screens.pretty import pretty_json

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=10), inner, max_size=5),
    max_leaves=30,
)


@given(_JSON, st.integers(min_value=20, max_value=120))
def test_says_the_same_at_every_width(document: object, width: int) -> None:
    lines = pretty_json(json.dumps(document), width)
    assert json.loads("\n".join(lines)) == document


def test_keeps_on_one_line_what_fits() -> None:
    assert pretty_json('{"a": {"$date": "2026"}}', 40) == ['{"a": {"$date": "2026"}}']
    assert pretty_json('{"a": [1, 2], "b": "' + "x" * 30 + '"}', 30)[:2] == ["{", '  "a": [1, 2],']


def test_shows_what_is_no_json_as_it_is() -> None:
    assert pretty_json('{"find": "prom') == ['{"find": "prom']
    assert pretty_json("") == [""]


def test_survives_deep_nesting_and_great_length() -> None:
    assert len(pretty_json("[" * 100_000)) == 1
    nested = "[" * 900 + "]" * 900
    assert len(pretty_json(nested)) < 200
    lines = pretty_json(json.dumps(list(range(9_000))), 20)
    assert lines[-1].endswith("more lines")
