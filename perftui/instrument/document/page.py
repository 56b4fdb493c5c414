"""A report before it is drawn: facts and tables of text."""

from typing import NamedTuple


class Column(NamedTuple):
    title: str
    right: bool = False
    """Figures stand to the right."""


class Table(NamedTuple):
    title: str
    facts: tuple[str, ...]
    """What holds for all of it, beside its title."""
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    omitted: int = 0
    """How many more rows there are."""


class Page(NamedTuple):
    title: str
    facts: tuple[str, ...]
    tables: tuple[Table, ...]


def columns(names: str, figures: str) -> tuple[Column, ...]:
    """Titles of names, then of figures, each separated by blanks."""
    return (*(Column(name) for name in names.split()), *(Column(name, right=True) for name in figures.split()))
