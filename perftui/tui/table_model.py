"""A live table's state without any drawing: what is shown, in which order, and what the cursor follows."""

from collections.abc import Hashable, Sequence
from typing import Any

from perftui.tui.filtering import Filter, parse_filter
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.view import View


class TableModel:
    """One table: sorted and filtered rows, the cursor, the tags. Rows are `Any`: the spec alone knows their type."""

    def __init__(self, spec: TableSpec[Any]) -> None:
        self.spec = spec
        self.view: View | None = None
        self.rows: Sequence[Any] = ()
        self.total = 0
        self.sort_key = spec.default_sort
        self.descending = spec.descending
        self.filter: Filter = parse_filter("", spec)
        self.tags: set[Hashable] = set()
        self.cursor = 0
        self.top = 0
        self.full_text = False
        self._cursor_key: Hashable = None

    def update(self, view: View) -> None:
        """Take a new View: filter, sort, and keep the cursor on its thing."""
        self.view = view
        rows = self.spec.rows(view)
        self.total = len(rows)
        self.rows = self._sorted(self.filter.keep(rows, view))
        self._follow()

    @property
    def row(self) -> Any | None:
        """The row under the cursor."""
        return self.rows[self.cursor] if self.rows else None

    def tagged_rows(self) -> list[Any]:
        """The tagged rows that are shown now."""
        return [row for row in self.rows if self.spec.key(row) in self.tags]

    def place_of(self, key: Hashable) -> int | None:
        """Where the row of this key stands now."""
        return next((index for index, row in enumerate(self.rows) if self.spec.key(row) == key), None)

    def move_to(self, index: int) -> None:
        self.cursor = max(0, min(index, len(self.rows) - 1))
        self._cursor_key = self.spec.key(self.rows[self.cursor]) if self.rows else None

    def scroll(self, height: int) -> None:
        """Move the first shown row so that the cursor is in sight."""
        last = max(0, len(self.rows) - height)
        self.top = min(max(self.top, self.cursor - height + 1), self.cursor, last)

    def sort_by(self, key: str) -> None:
        """Sort by a column; by the one in force: the other way round."""
        if key == self.sort_key:
            self.descending = not self.descending
        else:
            column = next(column for column in self.spec.columns if column.key == key)
            self.sort_key, self.descending = key, column.align == "right" and not column.rising
        self._again()

    def sort_step(self, step: int, columns: Sequence[Column[Any]]) -> None:
        """Sort by the next of the given columns."""
        keys = [column.key for column in columns if column.sort is not None]
        if not keys:
            return
        place = keys.index(self.sort_key) + step if self.sort_key in keys else 0
        self.sort_by(keys[place % len(keys)]) if keys[place % len(keys)] != self.sort_key else None

    def reverse(self) -> None:
        self.descending = not self.descending
        self._again()

    def set_filter(self, text: str) -> None:
        self.filter = parse_filter(text, self.spec)
        self._again()

    def toggle_tag(self) -> None:
        if self.rows:
            self.tags ^= {self.spec.key(self.rows[self.cursor])}

    def _again(self) -> None:
        if self.view is not None:
            self.update(self.view)

    def _sorted(self, rows: Sequence[Any]) -> Sequence[Any]:
        column = next((column for column in self.spec.columns if column.key == self.sort_key), None)
        if column is None or column.sort is None:
            return rows
        figure = column.sort
        keyed = [(value, row) for row in rows if (value := figure(row)) is not None]
        unknown = [row for row in rows if figure(row) is None] if len(keyed) < len(rows) else []
        try:
            keyed.sort(key=_first, reverse=self.descending)
        except TypeError:  # an opid may be a number or a text
            keyed.sort(key=lambda pair: (isinstance(pair[0], str), str(pair[0]).rjust(24)), reverse=self.descending)
        return [row for _, row in keyed] + unknown

    def _follow(self) -> None:
        """Find the cursor's thing among the new rows; when it is gone, stay at its place and say nothing of it."""
        rows, key = self.rows, self.spec.key
        if not rows:
            self.cursor = 0
            return
        if self._cursor_key is None:
            self.move_to(self.cursor)
            return
        if self.cursor < len(rows) and key(rows[self.cursor]) == self._cursor_key:
            return
        for index, row in enumerate(rows):
            if key(row) == self._cursor_key:
                self.cursor = index
                return
        self.move_to(self.cursor)


def _first(pair: tuple[Any, Any]) -> Any:
    return pair[0]


_SPARE_PRIORITY = 5


def _wanted(columns: Sequence[Column[Any]]) -> int:
    """Cells for these columns, comfortable while there are spare ones among them."""
    spare = any(column.priority >= _SPARE_PRIORITY for column in columns)
    return sum(max(column.width, column.comfortable if spare else 0) + 1 for column in columns) - 1


def lay_out(spec: TableSpec[Any], width: int, rows: Sequence[Any] = ()) -> list[tuple[Column[Any], int]]:
    """The columns that fit, with their widths: the highest priorities go first, the flexible one takes the rest.

    A column that says nothing of these rows is left out.
    """
    columns = [column for column in spec.columns if column.wanted is None or column.wanted(rows)]
    while len(columns) > 1 and _wanted(columns) > width:
        droppable = [column for column in columns if column.priority]
        if not droppable:
            break
        columns.remove(max(droppable, key=lambda column: column.priority))
    spare = width - (sum(column.width + 1 for column in columns) - 1)
    laid = []
    for column in columns:
        extra = spare if column.flexible else 0
        laid.append((column, max(column.width + extra, min(column.width, 4))))
    return laid
