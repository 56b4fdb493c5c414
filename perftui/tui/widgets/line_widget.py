"""A widget that is nothing but lines, and repaints only the cells that changed."""

from collections.abc import Sequence
from itertools import takewhile
from typing import TYPE_CHECKING, cast

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from perftui.tui.lines import Line, Piece, cells

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

_EMPTY = Line()


class LineWidget(Widget):
    """Shows the lines it was given. Text in them is drawn as it is, never as markup."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  (Textual's own name)
        super().__init__(id=id)
        self.lines: list[Line] = []
        self._strips: dict[Line, Strip] = {}

    @property
    def perftui(self) -> "PerftuiApp":
        return cast("PerftuiApp", self.app)

    def set_lines(self, lines: Sequence[Line]) -> None:
        """Show these lines; only the differing parts are painted again."""
        before, self.lines = self.lines, list(lines)
        width = self.size.width
        if not width:
            return
        changed = [
            region
            for y, (old, new) in enumerate(zip(_padded(before, lines), _padded(lines, before), strict=True))
            if (region := _difference(old, new, y, width)) is not None
        ]
        if changed:
            self.refresh(*changed)

    def forget_styles(self) -> None:
        """Paint everything again, as after a change of theme."""
        self._strips.clear()
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of a region. Textual's own cache of borders and padding is left out: there are none here."""
        filters = self.get_line_filters() if self.app.no_color else ()
        strips = []
        for y in range(crop.y, crop.bottom):
            strip = self.render_line(y)
            if crop.x or crop.width != strip.cell_length:
                strip = strip.crop(crop.x, crop.right)
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, self.background_colors[1])
            strips.append(strip)
        return strips

    def render_line(self, y: int) -> Strip:
        line = self.lines[y] if y < len(self.lines) else _EMPTY
        width = self.size.width
        strip = self._strips.get(line)
        if strip is None or strip.cell_length != width:
            if len(self._strips) > 512:
                self._strips.clear()
            strip = self._strips[line] = self._paint(line, width)
        return strip

    def _paint(self, line: Line, width: int) -> Strip:
        rich = self.perftui.palette.rich
        segments = [Segment(text, rich(role, line.base)) for text, role in line.pieces if text]
        length = sum(cells(text) for text, _ in line.pieces)
        return Strip(segments, length).adjust_cell_length(width, rich("normal", line.base))


def _padded(lines: Sequence[Line], other: Sequence[Line]) -> list[Line]:
    return [*lines, *[_EMPTY] * max(0, len(other) - len(lines))]


def _difference(old: Line, new: Line, y: int, width: int) -> Region | None:
    """The stretch of cells from the first to the last piece that differs."""
    if old == new:
        return None
    if old.base != new.base:
        return Region(0, y, width, 1)
    start = _equal_cells(old.pieces, new.pieces)
    if len(old.pieces) != len(new.pieces):
        return Region(start, y, max(width - start, 1), 1)
    end = width
    if sum(cells(text) for text, _ in old.pieces) == sum(cells(text) for text, _ in new.pieces):
        total = sum(cells(text) for text, _ in new.pieces)
        end = total - _equal_cells(old.pieces[::-1], new.pieces[::-1])
    return Region(start, y, max(end - start, 1), 1)


def _equal_cells(old: Sequence[Piece], new: Sequence[Piece]) -> int:
    same = takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))
    return sum(cells(piece[0]) for piece, _ in same)
