"""Keys and options as people type them."""

import pytest

from perftui.commands.index.parsing import document_of, keys_of, quorum_of
from perftui.model.errors import UserError


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ('{"a": 1, "b": -1}', (("a", 1), ("b", -1))),
        ("{b: -1, a: 1}", (("b", -1), ("a", 1))),
        ("{'a.b': 1, $**: 1}", (("a.b", 1), ("$**", 1))),
        ("{a.b: 1.0}", (("a.b", 1),)),
        ("{ place : '2dsphere', title: \"text\" }", (("place", "2dsphere"), ("title", "text"))),
        ("{'it\\'s': 1}", (("it's", 1),)),
        ('{"a: 1": 1}', (("a: 1", 1),)),
    ],
)
def test_json_and_what_mongosh_takes_are_read_in_their_order(text: str, keys: object) -> None:
    assert keys_of(text) == keys


def test_options_keep_their_extended_json() -> None:
    text = "{at: {$gt: {$date: '2026-01-01T00:00:00Z'}}, state: {$in: ['a: b', null, true]}}"
    assert document_of(text, "the filter") == {
        "at": {"$gt": {"$date": "2026-01-01T00:00:00Z"}},
        "state": {"$in": ["a: b", None, True]},
    }


@pytest.mark.parametrize("text", ["", "a", "[1]", "{a: }", "{a: true}", "{a: 0}", "{a: [1]}", "{a: {$date: 'never'}}"])
def test_what_cannot_be_meant_is_a_sentence(text: str) -> None:
    with pytest.raises(UserError) as refused:
        keys_of(text)
    assert str(refused.value).endswith((".", "'."))


def test_a_quorum_is_a_word_or_a_number() -> None:
    assert (quorum_of("majority"), quorum_of("2")) == ("majority", 2)
