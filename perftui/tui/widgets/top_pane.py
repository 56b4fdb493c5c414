"""Everything above the table in one widget: header, meters, tabs, the page's summary."""

from collections.abc import Sequence

from textual import events
from textual.message import Message

from perftui.tui.lines import Line, Piece, cells, fill, spread
from perftui.tui.pages import PAGES, Page
from perftui.tui.widgets.line_widget import LineWidget


class TopPane(LineWidget):
    """Paints the lines it is given; a click on a tab asks for its page."""

    class TabClicked(Message):
        def __init__(self, page: Page) -> None:
            super().__init__()
            self.page = page

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tabs: list[tuple[int, int, Page]] = []
        self._tabs_y = 0

    def show(self, header: Line, meters: Sequence[Line], tabs: Line, summary: Sequence[Line]) -> None:
        """Show these parts; the widget grows and shrinks with them."""
        lines = [header, *meters, tabs, *summary]
        self._tabs_y = 1 + len(meters)
        if len(lines) != len(self.lines) or self.styles.height is None:
            self.styles.height = len(lines)
        self.set_lines(lines)

    def tabs_line(self, current: Page, marks: dict[str, tuple[str, str]], status: Sequence[Piece], width: int) -> Line:
        """The tabs with their marks (such as new events), and what is said about the table at the right."""
        pieces: list[Piece] = [(" ", "normal")]
        self._tabs = []
        left = 1
        short = width < 100
        for page in PAGES:
            mark, state = marks.get(page.title, ("", "normal"))
            title = page.short if short else page.title
            text = f" {page.key} {title}{' ' + mark if mark else ''} "
            role = "tab" if page is current else state
            pieces.append((text, role))
            self._tabs.append((left, left + cells(text), page))
            left += cells(text)
        return Line(tuple(spread(pieces, fit_status(status, width - left), width)), "bar")

    def on_click(self, event: events.Click) -> None:
        if event.y != self._tabs_y:
            return
        for left, right, page in self._tabs:
            if left <= event.x < right:
                self.post_message(self.TabClicked(page))


def fit_status(status: Sequence[Piece], room: int) -> list[Piece]:
    """The status cut to the room beside the tabs: its last pieces give way first."""
    kept: list[Piece] = []
    for text, role in status:
        if cells(text) > room:
            break
        kept.append((text, role))
        room -= cells(text)
    return kept


def padded(pieces: Sequence[Piece], width: int) -> Line:
    return Line(tuple(fill(pieces, width)))
