"""A widget that is nothing but lines, and repaints only the cells that changed."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, cast

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from perftui.model.text import safe_text
from perftui.tui.lines import Line, cells

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

_EMPTY = Line()
_NEAR = 12


class LineWidget(Widget):
    """Shows the lines it was given. Text in them is drawn as it is, never as markup."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:
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
            for region in _differences(old, new, y, width)
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
        """Neighbours of one style become one segment: each segment costs its colours on the wire."""
        rich = self.perftui.palette.rich
        segments: list[Segment] = []
        for style, pieces in groupby(line.pieces, key=lambda piece: rich(piece[1], line.base)):
            if text := "".join(text for text, _ in pieces):
                # The last gate before the terminal: whatever a widget forgot to make safe stops here.
                segments.append(Segment(text if text.isprintable() else safe_text(text), style))
        length = sum(cells(segment.text) for segment in segments)
        return Strip(segments, length).adjust_cell_length(width, rich("normal", line.base))


def _padded(lines: Sequence[Line], other: Sequence[Line]) -> list[Line]:
    return [*lines, *[_EMPTY] * max(0, len(other) - len(lines))]


def _differences(old: Line, new: Line, y: int, width: int) -> list[Region]:
    """The stretches of cells whose pieces differ; what lies close together is one stretch."""
    if old == new:
        return []
    if old.base != new.base:
        return [Region(0, y, width, 1)]
    runs: list[tuple[int, int]] = []
    x = 0
    for before, after in zip(old.pieces, new.pieces, strict=False):
        length = cells(after[0])
        if before != after:
            if cells(before[0]) != length:
                runs.append((x, width))
                break
            runs.append((x, x + length))
        x += length
    else:
        if len(old.pieces) != len(new.pieces):
            runs.append((x, width))
    return [Region(left, y, right - left, 1) for left, right in _joined(runs) if right > left]


def _joined(runs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A new stretch costs a jump of the cursor and its colours: more than some equal cells."""
    joined: list[tuple[int, int]] = []
    for left, right in runs:
        if joined and left - joined[-1][1] <= _NEAR:
            joined[-1] = (joined[-1][0], right)
        else:
            joined.append((left, right))
    return joined
