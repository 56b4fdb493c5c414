"""A report as Markdown tables, for an issue, a pull request or a page of a CI run."""

import re
from collections.abc import Iterator

from perftui.instrument.document.page import Page, Table
from perftui.model.text import safe_text

_LONGEST = 400
_SPECIAL = re.compile(r"[\\`*_\[\]<>#&|~!@$:]|(?<=www)\.")
"""What begins markup, a link, a mention or a cell; entities stand for them, which no renderer takes for markup."""


def markdown_of(page: Page) -> str:
    """GitHub's form of tables. Names are shown as they are, whatever they hold."""
    lines = [f"# {escaped(page.title)}", "", escaped(" · ".join(page.facts))]
    for table in page.tables:
        lines += ["", *_table(table)]
    return "".join(f"{line}\n" for line in lines)


def escaped(text: str) -> str:
    """Text that means only itself in Markdown, in a cell of a table too."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match.group())};", safe_text(text, _LONGEST))


def _table(table: Table) -> Iterator[str]:
    yield f"## {table.title}"
    yield ""
    if table.facts:
        yield escaped(" · ".join(table.facts))
        yield ""
    yield _row(column.title.capitalize() for column in table.columns)
    yield _row("---:" if column.right else "---" for column in table.columns)
    for row in table.rows:
        yield _row(escaped(cell) for cell in row)
    if table.omitted:
        yield ""
        yield f"and {table.omitted:,} more"


def _row(cells: Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"
