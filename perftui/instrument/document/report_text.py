"""A report as text for a terminal or a log."""

from collections.abc import Iterator

from perftui.instrument.document.page import Page, Table
from perftui.instrument.document.widths import fitted, width
from perftui.model.text import safe_text

_LEAST = 12
"""What a column of names keeps where the page is too narrow."""
_LONGEST = 400


def text_of(page: Page, columns: int) -> str:
    """Lines of at most `columns` columns where that leaves the names room; each ends with a line's end."""
    lines = [_line(page.title), "  ".join(page.facts)]
    for table in page.tables:
        lines += ["", *_table(table, columns)]
    return "".join(f"{line.rstrip()}\n" for line in lines)


def _line(text: str) -> str:
    return safe_text(text, _LONGEST)


def _table(table: Table, columns: int) -> Iterator[str]:
    yield "  ".join((table.title.upper(), *table.facts))
    cells = [tuple(_line(cell) for cell in row) for row in table.rows]
    titles = tuple(column.title for column in table.columns)
    widths = [max(width(row[at]) for row in (titles, *cells)) for at in range(len(titles))]
    _narrow(widths, [at for at, column in enumerate(table.columns) if not column.right], columns)
    for row in (titles, *cells):
        yield "  ".join(fitted(cell, widths[at], right=table.columns[at].right) for at, cell in enumerate(row))
    if table.omitted:
        yield f"and {table.omitted:,} more"


def _narrow(widths: list[int], names: list[int], columns: int) -> None:
    """Take from the widest column of names until all fit."""
    while sum(widths) + 2 * (len(widths) - 1) > columns:
        widest = max(names, key=lambda at: widths[at])
        if widths[widest] <= _LEAST:
            return
        widths[widest] -= 1
