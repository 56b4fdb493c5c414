"""The one big table: draws the visible rows of a `TableModel`, follows the cursor, answers the mouse."""

from typing import Any

from textual import events
from textual.message import Message

from perftui.tui.lines import Line, Piece, fill, fit, fold_words, wrap
from perftui.tui.staleness import dimmed, old_by
from perftui.tui.table_model import TableModel, lay_out
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.view import View
from perftui.tui.widgets.line_widget import LineWidget

_MARGIN = 2
_FULL_TEXT_LINES = 12


class LiveTable(LineWidget, can_focus=True):
    """Shows one `TableSpec` at a time and keeps the state of each that it has shown."""

    class Opened(Message):
        """The user asked for what is behind a row."""

        def __init__(self, table: str, row: Any) -> None:
            super().__init__()
            self.table, self.row = table, row

    class Changed(Message):
        """Cursor, order, filter or tags changed: what is said about the table elsewhere is out of date."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.model: TableModel | None = None
        self._models: dict[str, TableModel] = {}
        self._columns: list[tuple[Column[Any], int]] = []
        self._rows_at: list[int | None] = []
        self._old = False

    def show(self, spec: TableSpec[Any], view: View) -> None:
        """Show a table's rows in this View."""
        model = self._models.get(spec.name)
        if model is None or model.spec is not spec:
            model = self._models[spec.name] = TableModel(spec)
        self.model = model
        model.update(view)
        self.paint()

    @property
    def columns(self) -> list[Column[Any]]:
        """The columns that have room now."""
        return [column for column, _ in self._columns]

    @property
    def body_height(self) -> int:
        """How many rows have room."""
        return max(self.size.height - 1, 1)

    def paint(self) -> None:
        """Make the visible lines; only those that changed reach the terminal."""
        model = self.model
        if model is None or model.view is None or not self.size.width:
            return
        self._columns = lay_out(model.spec, self.size.width - _MARGIN, model.rows)
        model.scroll(self.body_height)
        self._old = old_by(model.spec, model.view) is not None
        body, self._rows_at = [self._title(model)], [None]
        if not model.rows:
            body += [Line(), *self._empty(model)]
        for index in range(model.top, min(model.top + self.body_height, len(model.rows))):
            body.append(self._line(model, index, model.view))
            self._rows_at.append(index)
            if index == model.cursor and model.full_text:
                text = self._full_text(model, model.view)
                body += text
                self._rows_at += [None] * len(text)
        self.set_lines(self._in_sight(body, model))

    def changed(self) -> None:
        """Paint again after the user moved, sorted or filtered, and tell."""
        self.paint()
        self.post_message(self.Changed())

    def _in_sight(self, body: list[Line], model: TableModel) -> list[Line]:
        """With a full text below it, the cursor's row may have to move up."""
        height = self.body_height + 1
        if not model.full_text or len(body) <= height:
            return body[:height]
        place = next((y for y, index in enumerate(self._rows_at) if index == model.cursor), 1)
        end = min(place + 1 + _FULL_TEXT_LINES, len(body))
        skip = max(0, min(end - height, place - 1))
        self._rows_at = [None, *self._rows_at[1 + skip :]]
        return [body[0], *body[1 + skip :]][:height]

    def _title(self, model: TableModel) -> Line:
        pieces: list[Piece] = [(" " * _MARGIN, "normal")]
        for column, width in self._columns:
            mark = ("v" if model.descending else "^") if column.key == model.sort_key else ""
            title = column.title.rstrip() if mark else column.title
            pieces.append(
                (fit(title[: width - len(mark)] + mark, width, column.align) + " ", "accent" if mark else "normal")
            )
        return Line(tuple(fill(_trimmed(pieces), self.size.width)), "title")

    def _line(self, model: TableModel, index: int, view: View) -> Line:
        row = model.rows[index]
        tagged = bool(model.tags) and model.spec.key(row) in model.tags
        pieces: list[Piece] = [((">" if index == model.cursor else " ") + ("*" if tagged else " "), "normal")]
        for column, width in self._columns:
            state = column.state(row, view) if column.state is not None else "normal"
            text = column.text(row, view)
            pieces.append((fit(text, width, column.align) + " ", state))
        base = "cursor" if index == model.cursor else "tagged" if tagged else "normal"
        line = Line(tuple(_trimmed(pieces)), base)
        return dimmed(line) if self._old else line

    def _full_text(self, model: TableModel, view: View) -> list[Line]:
        if model.spec.full_text is None or model.row is None:
            return []
        width = self.size.width - 4
        folded = wrap(model.spec.full_text(model.row, view), width, min(_FULL_TEXT_LINES, self.body_height - 1))
        return [Line((("  │ ", "dim"), (text, "normal"))) for text in folded]

    def _empty(self, model: TableModel) -> list[Line]:
        text = model.spec.empty(model.view) if model.view is not None else ""
        if model.total:
            text = f"None of {model.total:,} matches the filter '{model.filter.text}'. Esc takes it away."
        return [Line((("  " + part, "dim"),)) for part in fold_words(text, self.size.width - 4)]

    def on_resize(self, _event: events.Resize) -> None:
        self._strips.clear()
        self.paint()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self._wheel(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self._wheel(-3)

    def on_click(self, event: events.Click) -> None:
        model = self.model
        if model is None:
            return
        if event.y == 0:
            self._sort_at(event.x, model)
            return
        index = self._rows_at[event.y] if event.y < len(self._rows_at) else None
        if index is None or index >= len(model.rows):
            return
        model.move_to(index)
        self.changed()
        if event.chain == 2:
            self.post_message(self.Opened(model.spec.name, model.row))

    def _wheel(self, step: int) -> None:
        if self.model is not None:
            self.model.move_to(self.model.cursor + step)
            self.changed()

    def _sort_at(self, x: int, model: TableModel) -> None:
        left = _MARGIN
        for column, width in self._columns:
            if left <= x <= left + width and column.sort is not None:
                model.sort_by(column.key)
                self.changed()
                return
            left += width + 1


def _trimmed(pieces: list[Piece]) -> list[Piece]:
    """Without the gap after the last column."""
    return [*pieces[:-1], (pieces[-1][0][:-1], pieces[-1][1])]
