"""The filter line: `text`, `field:value`, `field:>100`, each with `!` in front to invert; all must hold.

A field is a column's name in exports, or its title where that is one word.
"""

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from perftui.tui.table_spec import TableSpec
from perftui.tui.view import View

Test = Callable[[Any, View], bool]


class Filter(Struct, frozen=True):
    """What a filter's text asks for."""

    text: str
    tests: tuple[Test, ...]

    def keep(self, rows: Sequence[Any], view: View) -> Sequence[Any]:
        if not self.tests:
            return rows
        tests = self.tests
        return [row for row in rows if all(test(row, view) for test in tests)]


def parse_filter(text: str, spec: TableSpec[Any]) -> Filter:
    """Never fails: a `word:` that names no column is searched for as text."""
    return Filter(text, tuple(_parse_term(term, spec) for term in text.split() if term != "!"))


def _parse_term(term: str, spec: TableSpec[Any]) -> Test:
    inverted = term.startswith("!")
    test = _positive(term.removeprefix("!"), spec)
    return (lambda row, view: not test(row, view)) if inverted else test


def _positive(term: str, spec: TableSpec[Any]) -> Test:
    name, colon, wanted = term.partition(":")
    names = (name.lower(), name.upper())
    column = next((c for c in spec.columns if c.key == names[0] or c.title.strip().upper() == names[1]), None)
    column = column if colon else None
    if column is None:
        return _anywhere(term.lower(), spec)
    if wanted[:1] in {"<", ">"} and column.sort is not None and (limit := _number(wanted[1:])) is not None:
        return _compared(column.sort, wanted[0] == ">", limit)
    lowered = wanted.lower()
    return lambda row, view: lowered in column.text(row, view).lower()


def _anywhere(wanted: str, spec: TableSpec[Any]) -> Test:
    """Words stand in the left-aligned columns; figures are asked for by their column."""
    texts = [column.text for column in spec.columns if column.align == "left"] or [c.text for c in spec.columns]

    def test(row: Any, view: View) -> bool:
        return any(wanted in text(row, view).lower() for text in texts)

    return test


def _compared(figure: Callable[[Any], Any], above: bool, limit: float) -> Test:
    def test(row: Any, _view: View) -> bool:
        value = figure(row)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        return value > limit if above else value < limit

    return test


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
