"""Nothing that a terminal would obey gets through."""

import unicodedata
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from hypothesis import given
from hypothesis import strategies as st

from perftui.model.text import markdown_text, safe_text


@given(st.text(st.characters(codec=None)), st.none() | st.integers(min_value=1, max_value=50))
def test_no_control_format_or_surrogate_character_is_left(text: str, limit: int | None) -> None:
    safe = safe_text(text, limit)
    assert safe.encode("utf-8") or not text
    assert limit is None or len(safe) <= limit
    assert not [each for each in safe if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(safe) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\ufeff")


def test_what_was_there_can_be_seen() -> None:
    assert safe_text("a\x1b[31mred\x00\x7f") == "a␛[31mred␀␡"
    assert safe_text("two\nlines\tand tab") == "two lines and tab"
    assert safe_text("\x9b31m\u202eevil\ud83d") == "�31m�evil�"


def test_emoji_and_other_scripts_stay() -> None:
    for text in ("👩‍👩‍👧 família", "日本語", "naïve", "עברית"):
        assert safe_text(text) == text


@given(st.text(st.characters(codec=None)))
def test_what_is_safe_may_stand_in_xml(text: str) -> None:
    ElementTree.fromstring(f"<a b={quoteattr(safe_text(text))}>{escape(safe_text(text))}</a>")
    assert safe_text("\ufffe\uffff") == "\ufffd\ufffd"


def test_markdown_shows_a_text_as_it_is_links_nothing_and_calls_nobody() -> None:
    assert markdown_text("*a* _b_ `c` [d](e) | # <script>") == (r"\*a\* \_b\_ \`c\` \[d\](e) \| \# &lt;script>")
    assert markdown_text("http://x @team") == "http:&#8203;//x @&#8203;team"
