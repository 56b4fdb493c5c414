"""The space-saving counter's bounds, templates, and lists of several workers merged."""

from collections import Counter
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.instrument import key_template
from perftui.instrument.caches.keys import LONGEST_KEY, can_be_kept, key_templates, text_of
from perftui.instrument.caches.reading import _merged, _Uses
from perftui.instrument.caches.top_keys import KeyLog, SpaceSaving

STREAMS = st.lists(st.one_of(st.integers(0, 5), st.integers(0, 500)), max_size=2000)


def counted(keys: list[int], size: int, batch: int = 7) -> SpaceSaving:
    top = SpaceSaving(size)
    for start in range(0, len(keys), batch):
        top.add(Counter(keys[start : start + batch]).items())
    return top


@settings(max_examples=60)
@given(STREAMS, st.integers(1, 16))
def test_counts_lie_within_their_error_and_the_floor_within_its_bound(keys: list[int], size: int) -> None:
    top, true = counted(keys, size), Counter(keys)
    held = {use.key: use for use in top.top(len(keys))}
    for key, use in held.items():
        assert use.count - use.error <= true[key] <= use.count
    assert top.floor <= len(keys) / size
    for key in true.keys() - held.keys():
        assert true[key] <= top.floor
    assert len(held) <= 8 * size + 7


@settings(max_examples=60)
@given(STREAMS, STREAMS)
def test_merged_lists_keep_the_bounds(keys: list[int], others: list[int]) -> None:
    true, lists = Counter(keys) + Counter(others), []
    for stream in (keys, others):
        top = counted(stream, 4)
        uses = top.top(6)
        rest = max(top.floor, uses[5].count) if len(uses) > 5 else top.floor
        lists.append(_Uses([(str(use.key), use.count, use.error) for use in uses[:5]], rest))
    for key in _merged(lists, 100):
        assert key.count - key.error <= true[int(key.key)] <= key.count


@pytest.mark.parametrize(
    ("key", "template"),
    [
        ("user:4711:anna@example.com", "user:*:*.*"),
        ("4711", "*"),
        ("", "*"),
        ("0f3c:x", "*:*"),
        ("user::x", "user::*"),
        ("kunde-é:x", "*:*"),
        ("a\nb:c", "*:*"),
        ("page:a\nSECRET", "page:*"),
        ("v1/users|7", "*/*|*"),
        ("a" * 300 + ":x", "*"),
    ],
)
def test_only_the_first_word_of_a_key_stays(key: str, template: str) -> None:
    assert key_template(key) == template


@given(st.lists(st.text(max_size=LONGEST_KEY), max_size=30))
def test_many_templates_at_once_are_those_one_by_one(keys: list[str]) -> None:
    assert key_templates(keys) == [key_template(key) for key in keys]


@given(st.text(alphabet="ab1:/|.\n\u00e9", max_size=40))
def test_a_template_holds_nothing_of_what_follows_the_first_word(key: str) -> None:
    template = key_template(key)
    head = template.split("*")[0].rstrip(":/|.")
    assert key.startswith(head)
    assert set(template[len(head) :]) <= set("*:/|.")


def test_text_of_a_key_is_short_and_can_be_written_as_json() -> None:
    assert text_of("\ud800x") == "?x"
    assert text_of(b"\xffa") == "\ufffda"
    assert text_of((1, "a", (2,))) == "(1, a, (...))"
    assert text_of(object()) == "<object>"
    assert len(text_of("x" * 10_000)) == LONGEST_KEY
    assert not can_be_kept([1])
    assert not can_be_kept("x" * 1000)


def test_keys_that_come_while_others_are_counted_wait() -> None:
    log = KeyLog(key_templates, 4, 0)

    def fold(keys: list[str]) -> list[str]:
        log.pending.append("late:1")
        return key_templates(keys)

    log._fold = fold  # type: ignore[assignment]
    log.pending.append("a:1")
    log.settle()
    log._fold = key_templates
    log.settle()
    assert {use.key: use.count for use in log.templates.top(9)} == {"a:*": 1, "late:*": 1}


def test_keys_that_are_counted_while_the_top_is_read_disturb_it_not() -> None:
    keys, more = SpaceSaving(10), count()

    class CountedMeanwhile(int):
        """Whoever compares it gives another thread the time to count a key."""

        def __lt__(self, other: int) -> bool:
            keys.add([(f"new-{next(more)}", 1)])
            return int.__lt__(self, other)

    keys._counts = {f"key-{number}": CountedMeanwhile(number) for number in range(8)}
    assert [use.key for use in keys.top(2)] == ["key-7", "key-6"]
    assert next(more) > 0
