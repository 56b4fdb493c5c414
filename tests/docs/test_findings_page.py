"""Every code that can be shown is explained, every explained one exists, and the arithmetic is the program's."""

import re
from pathlib import Path

from perftui.advice.findings import asking, codes, index_overlap, score, waiting

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "findings.md").read_text("utf-8")
CODES = {value for name, value in vars(codes).items() if name.isupper()}


def test_every_code_has_its_heading_and_no_other_has() -> None:
    assert sorted(re.findall(r"^### `([^`]+)`$", PAGE, re.MULTILINE)) == sorted(CODES)


def test_every_finding_has_an_example_and_says_what_to_do() -> None:
    for code in CODES - {codes.SLOW}:
        text = PAGE.partition(f"### `{code}`\n")[2].partition("\n#")[0]
        sentence = re.search(r'"[^"]{20,}?"', text, re.DOTALL)
        assert sentence, f"{code} quotes no sentence"
        assert len(text.replace(sentence[0], "").split()) >= 8, f"{code} says nothing beside it"


def test_no_finding_has_a_code_of_its_own() -> None:
    """All stand in one module, so that a new one cannot be forgotten here."""
    written = [
        (path.name, code)
        for path in sorted((ROOT / "perftui").rglob("*.py"))
        for code in re.findall(r"\b(?:Finding|Penalty)\(\s*code=([^,\s]+)", path.read_text("utf-8"))
    ]
    assert len(written) > 20
    assert {code for _, code in written if not code.startswith("codes.")} <= {"code"}


def test_every_code_is_used() -> None:
    sources = "".join(path.read_text("utf-8") for path in (ROOT / "perftui" / "advice").rglob("*.py"))
    unused = {name for name in vars(codes) if name.isupper() and f"codes.{name}" not in sources}
    assert unused == set()


def test_the_points_are_those_of_the_program() -> None:
    table = dict(re.findall(r"^\| `([\w-]+)` \| (\d+) \|", PAGE, re.MULTILINE))
    assert {code: int(points) for code, points in table.items()} == {
        codes.COLLECTION_SCAN: score.COLLECTION_SCAN_POINTS,
        codes.BLOCKING_SORT: score.SORT_POINTS,
        codes.POOR_SELECTIVITY: score.SELECTIVITY_POINTS,
        codes.MANY_DOCUMENTS: score.DOCUMENTS_POINTS,
        codes.SLOW: score.SLOW_POINTS,
    }


def test_the_thresholds_are_those_of_the_program() -> None:
    assert f"returned / scanned is under {score.SELECTIVE_SHARE}" in PAGE
    assert f"over {score.MANY_DOCUMENTS:,} documents" in PAGE
    assert f"over {score.SLOW_MS:.0f} ms" in PAGE
    assert f"at most {asking.MERGED_SCANS} at a time" in PAGE
    assert f"From {asking.MANY_RETURNED:,} on" in PAGE
    assert f"From {waiting.LONG_WAIT_MS:.0f} ms on" in PAGE
    assert f"{index_overlap.MANY_INDEXES + 1} on; a warning from {index_overlap.VERY_MANY_INDEXES + 1} on" in PAGE
    assert f"allows {index_overlap.MOST_INDEXES}" in PAGE


def test_every_reason_for_failure_is_named() -> None:
    for code in waiting.FAILURES:
        assert f"({code})" in PAGE
