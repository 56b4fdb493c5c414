"""The report in process: what it says, its widths, and names that would like to be more than names."""

import itertools
import json
import unicodedata
from html import unescape

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len

from perftui.instrument import Budget, CacheMonitor, Registry, report
from perftui.instrument.document import words
from perftui.instrument.document.page import Page, Table, columns
from perftui.instrument.document.report_markdown import markdown_of
from perftui.instrument.document.report_text import text_of
from perftui.instrument.document.widths import fitted, width
from perftui.instrument.endpoints.kinds import ENDPOINT
from perftui.model.schemas import schema
from perftui.model.text import safe_text

HOSTILE = [
    "a|b", "a\\|b", "\\", "`a`", "**a**", "__a__", "[a](http://evil.example)", "<script>", "&lt;", "&#124;", "# a",
    "- a",
    "a\nb", "| a | b |", "~~a~~", "http://evil.example", "www.evil.example", "@someone", "![a](b)", "$a$", "a\x1b[2J",
    "---",
    "\u202egnp", "日本語", "1. a", ":tada:", "a\r\n\r\n<b>",
]  # fmt: skip
NAMES = st.one_of(st.sampled_from(HOSTILE), st.text("|\\`*_[]<>#&~!@-:a1 \n", max_size=12), st.text(max_size=20))


@pytest.fixture
def registry() -> Registry:
    budgets = [Budget("GET /items/*", "p(95)<50ms", "error_rate<1%"), Budget("pages", "hit_rate>90%", on="cache")]
    registry = Registry("shop", "1.0", budgets=budgets, only_process=True)
    now = registry.started
    for status, number, seconds in (("200", 1200, 0.012), ("500", 40, 0.4)):
        block = registry.block(ENDPOINT, "GET", "/items/{id}", status)
        for _ in range(number):
            block.record(now, seconds)
    for number in range(30):
        registry.block(ENDPOINT, "GET", f"/other/{'x' * number}", "200").record(now, 0.0001)
    cache = CacheMonitor("pages", registry)
    for number in range(100):
        (cache.hit if number % 4 else cache.miss)(f"user:{number}:SECRET", 0.001)
    return registry


def test_text_tells_what_matters_in_its_width(registry: Registry) -> None:
    text = report(registry=registry, top=5)
    lines = text.splitlines()
    assert lines[0] == "shop 1.0"
    assert "1 worker  memory" in lines[1]
    items = next(line for line in lines if line.startswith("GET /items/{id}"))
    assert items.split()[2:5] == ["1,240", "3.2", "%"]
    assert "and 26 more" in lines
    assert next(line for line in lines if line.startswith("ENDPOINTS")).startswith("ENDPOINTS  1,270 requests")
    assert next(line for line in lines if line.startswith("pages")).split()[1:5] == ["75", "25", "75.0", "%"]
    assert any(line.startswith("BUDGETS") for line in lines)
    assert any("error_rate<1%" in line and line.endswith("none") for line in lines)
    assert "SECRET" not in text
    for columns_of_page in (60, 80, 120, 200):
        narrow = report(registry=registry, width=columns_of_page)
        assert max(width(line) for line in narrow.splitlines()) <= max(columns_of_page, 110)


def test_a_registry_without_figures_has_a_report(registry: Registry) -> None:
    assert report(registry=Registry()).splitlines()[0] == "application"
    assert report("md", Registry()).startswith("# application\n")


def test_json_is_the_document(registry: Registry) -> None:
    document = json.loads(report("json", registry, "1h"))
    jsonschema.validate(document, schema("metrics-1"))
    assert document["api"]["requests"] == 1270


@pytest.mark.parametrize(
    ("options", "words_of_it"),
    [({"format": "xml"}, "format must be"), ({"window": "2h"}, "window"), ({"window": "soon"}, "window"),
     ({"top": 0}, "top must be")],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_words(options: dict[str, object], words_of_it: str) -> None:
    with pytest.raises(ValueError, match=words_of_it):
        report(registry=Registry(), **options)  # type: ignore[arg-type]


def cells_of(markdown: str) -> list[list[str]]:
    """What a reader sees: the cells of all rows of all tables."""
    tokens = (
        MarkdownIt("commonmark", {"html": True, "linkify": False}).enable(["table", "strikethrough"]).parse(markdown)
    )
    assert {token.type for token in tokens} <= {
        "heading_open", "heading_close", "inline", "paragraph_open", "paragraph_close", "table_open", "table_close",
        "thead_open", "thead_close", "tbody_open", "tbody_close", "tr_open", "tr_close", "th_open", "th_close",
        "td_open", "td_close",
    }  # fmt: skip
    rows: list[list[str]] = []
    for before, token in itertools.pairwise(tokens):
        if before.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            assert {child.type for child in token.children or ()} <= {"text", "text_special"}
            if before.type in ("td_open", "th_open"):
                rows[-1].append("".join(child.content for child in token.children or ()))
    return rows


@given(st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=5))
def test_markdown_shows_names_and_nothing_but_names(names: list[tuple[str, str]]) -> None:
    table = Table("Things", ("all | of",), columns("FIRST SECOND", ""), tuple(names), 3)
    markdown = markdown_of(Page("shop", ("x",), (table,)))
    rows = cells_of(markdown)
    assert [[" ".join(cell.split()) for cell in row] for row in rows[1:]] == [
        [" ".join(safe_text(name).split()) for name in row] for row in names
    ]
    assert "://" not in markdown
    assert unescape(markdown).count("Things") >= 1


def test_markdown_of_real_figures(registry: Registry) -> None:
    rows = cells_of(report("md", registry))
    assert rows[0][0] == "Endpoint"
    assert rows[1][:3] == ["GET /items/{id}", "1,240", "3.2 %"]


@given(
    st.lists(st.tuples(NAMES, st.text("日本한😀e\u0301 a\n\x1b", max_size=30)), min_size=1, max_size=5),
    st.integers(20, 90),
)
def test_columns_of_text_stand_below_each_other(names: list[tuple[str, str]], limit: int) -> None:
    rows = tuple((first, second, "7") for first, second in names)
    table = Table("Things", (), columns("FIRST SECOND", "COUNT"), rows, 0)
    lines = text_of(Page("shop", (), (table,)), limit).splitlines()[4:]
    assert len(lines) == len(rows) + 1
    assert {width(line) for line in lines} == {width(lines[0])}
    assert width(lines[0]) <= max(limit, 12 + 12 + 5 + 4)
    assert not any(unicodedata.category(character) == "Cc" for line in lines for character in line)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abc",
        "日本語",
        "한국",
        "e\u0301",
        "カ\u3099",
        "😀",
        "a😀b",
        "ｱ",
        "\uff21",
        "é",
        "\u0e01\u0e31",
        "—",
        "…",
        "│",
    ],
)
def test_width_is_that_of_a_terminal(text: str) -> None:
    assert width(text) == cell_len(text)


@given(st.text("日e\u0301a", max_size=20), st.integers(1, 20), st.booleans())
def test_fitted_text_is_exactly_as_wide(text: str, limit: int, right: bool) -> None:
    assert width(fitted(text, limit, right=right)) == limit


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (words.seconds(None), "-"), (words.seconds(0), "0.00 ms"), (words.seconds(0.00045), "0.45 ms"),
        (words.seconds(0.0123), "12.3 ms"), (words.seconds(0.123), "123 ms"), (words.seconds(0.9999), "1.00 s"),
        (words.seconds(1234.5), "1,234 s"), (words.share(0.002), "0.2 %"), (words.share(None), "-"),
        (words.rate(0.001), "0.001/s"), (words.rate(0), "0.0/s"), (words.rate(1234), "1,234/s"),
        (words.size(0), "0 B"), (words.size(1_900_000), "1.9 MB"), (words.size(None), "-"),
        (words.size(1e18), "1,000,000.0 TB"),
        (words.span(48), "48 s"), (words.span(300), "5 min"), (words.span(12_000), "3 h 20 min"),
        (words.span(187_200), "2 d 4 h"), (words.span(None), "-"), (words.number(1204), "1,204"),
    ],
)  # fmt: skip
def test_figures_in_words(shown: str, expected: str) -> None:
    assert shown == expected
