"""What the main screen says around its table: marks on tabs, counts, titles of tables, and which keys it names."""

from typing import Any

from perftui.model.index import CollectionState
from perftui.tui.formatting import count_rows
from perftui.tui.lines import Line, Piece, fill, fold_words, width_of
from perftui.tui.pages import Page, Pane, panes_of
from perftui.tui.screens.grouping import OPERATIONS_PANE, title_in_view
from perftui.tui.staleness import say_old
from perftui.tui.table_model import TableModel
from perftui.tui.tables.origins import origins
from perftui.tui.view import View

_QUERY_KEYS = ("explain", "advise", "create", "profiling")
_INDEX_KEYS = ("hide", "drop")
_NOT_OF_COLLECTIONS = (*_INDEX_KEYS, "explain", "create", "profiling")
_PAGE_KEYS: dict[str, tuple[str, ...]] = {
    "Overview": _QUERY_KEYS,
    "Queries": _QUERY_KEYS,
    "Operations": ("group", "kill", "explain", "advise"),
    "Endpoints": ("details", "origin"),
    "Indexes": ("advise", *_INDEX_KEYS),
}


_SHAPES = "Slow queries by shape"


def event_mark(view: View, seen_until: float) -> dict[str, tuple[str, str]]:
    """The mark of the Events tab: how many warnings came after this time, and how bad the worst is."""
    new = [
        event for event in view.snapshot.events if event.at > seen_until and event.severity in {"warning", "critical"}
    ]
    worst = "over" if any(event.severity == "critical" for event in new) else "warning"
    return {"Events": (f"{len(new)}!", worst)} if new else {}


def status_pieces(view: View | None, model: TableModel | None) -> list[Piece]:
    """How many rows there are, the filter, and what is tagged."""
    if view is None or model is None:
        return []
    count = f"{len(model.rows):,} of {model.total:,}" if model.filter.text else count_rows(model.total)
    old = say_old(model.spec, view)
    pieces: list[Piece] = [(f" {old} ", "warning"), (f" {count} ", "normal")] if old else [(f" {count} ", "normal")]
    if model.filter.text:
        pieces.append((f" /{model.filter.text} "[:24], "warning"))
    if model.tags:
        pieces.append((f" {len(model.tags)} tagged ", "accent"))
    return pieces


def summary_lines(page: Page, view: View, current: Pane, width: int) -> list[Line]:
    """The titles of the tab's tables, and what it says above them; a sentence that is too long is folded."""
    maker = page.summary()
    if maker is None:
        return []
    lines = []
    said = maker(view)
    if say_old(current.spec(), view):
        said = [
            [(text, role if role == "over" and len(pieces) == 1 else "dim") for text, role in pieces] for pieces in said
        ]
    for pieces in [*_pane_titles(page, view, current), *said]:
        if len(pieces) == 1 and width_of(pieces) > width:
            folded = fold_words(pieces[0][0].strip(), width - 2)[:3]
            lines += [Line(tuple(fill([(" " + part, pieces[0][1])], width))) for part in folded]
        elif pieces:
            lines.append(Line(tuple(fill(pieces, width))))
    return lines


def _pane_titles(page: Page, view: View, current: Pane) -> list[list[Piece]]:
    panes = panes_of(page, view)
    if len(panes) < 2:
        return []
    titles: list[Piece] = [(" ", "normal")]
    opened = {"Indexes": view.collection, _SHAPES: " ".join(view.endpoint) if view.endpoint else None}
    for pane in panes:
        after = title_in_view(view) if pane is OPERATIONS_PANE else _of(opened.get(pane.title))
        titles.append((f" {pane.title}{after or ''} ", "tab" if pane is current else "dim"))
    return [[*titles, ("  Tab switches", "dim")]]


def _of(name: str | None) -> str:
    return f" of {name}" if name else ""


def key_names(page: Page, *, has_mongodb: bool, row: Any = None) -> tuple[str, ...]:
    """The commands of the key line, most important first, and last how to leave."""
    own = _PAGE_KEYS.get(page.title, ()) if has_mongodb else ()
    if isinstance(row, CollectionState) and own:
        own = ("profiling", *(name for name in own if name not in _NOT_OF_COLLECTIONS))
    if origins(row):
        own = (*own, "origin")
    rest = ("pause", "timeline", "settings", "clear", "full_text", "back_in_time", "palette", "back")
    return ("help", "filter", "sort_next", "open", *own, *rest)
