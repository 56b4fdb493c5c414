"""A scrolling page of lines with a search in it. Only the lines in sight are handed to the painter."""

from collections.abc import Callable, Sequence

from textual import events

from perftui.tui.lines import Line
from perftui.tui.widgets.line_widget import LineWidget


class TextPane(LineWidget, can_focus=True):
    """Shows what `make` lays out for its width, from `top` on."""

    DEFAULT_CSS = "TextPane { height: 1fr; }"

    def __init__(self, make: Callable[[int], Sequence[Line]], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._make = make
        self.page: list[Line] = []
        self.top = 0
        self.pattern = ""
        self.matches: list[int] = []
        self.current = 0

    @property
    def last_top(self) -> int:
        return max(len(self.page) - self.size.height, 0)

    def renew(self) -> None:
        """Lay the page out again, keeping the place and the search."""
        if not self.size.width:
            return
        self.page = list(self._make(self.size.width))
        self._find()
        self.paint()

    def paint(self) -> None:
        self.top = min(max(self.top, 0), self.last_top)
        shown = self.page[self.top : self.top + self.size.height]
        self.set_lines([self._marked(line, self.top + y) for y, line in enumerate(shown)])

    def move_to(self, top: int) -> None:
        self.top = top
        self.paint()

    def search(self, pattern: str) -> None:
        """Mark the lines that hold the pattern, whatever its case, and go to the first one from here on."""
        self.pattern = pattern
        self._find()
        self.current = next((place for place, y in enumerate(self.matches) if y >= self.top), 0)
        self._show_match()

    def next_match(self, step: int) -> None:
        if self.matches:
            self.current = (self.current + step) % len(self.matches)
        self._show_match()

    def say_place(self) -> str:
        """How much of the page is in sight: `all`, `top`, `41%`, `end`."""
        if not self.last_top:
            return "all"
        if self.top in (0, self.last_top):
            return "end" if self.top else "top"
        return f"{100 * self.top // self.last_top}%"

    def say_matches(self) -> str:
        if not self.pattern:
            return ""
        return f"{self.current + 1} of {len(self.matches)}" if self.matches else "not found"

    def on_resize(self, _event: events.Resize) -> None:
        self._strips.clear()
        self.renew()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.move_to(self.top + 3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.move_to(self.top - 3)

    def _find(self) -> None:
        wanted = self.pattern.lower()
        self.matches = [y for y, line in enumerate(self.page) if wanted in _text_of(line).lower()] if wanted else []
        self.current = min(self.current, max(len(self.matches) - 1, 0))

    def _show_match(self) -> None:
        if self.matches:
            y = self.matches[self.current]
            if not self.top <= y < self.top + self.size.height:
                self.top = y - self.size.height // 3
        self.paint()

    def _marked(self, line: Line, y: int) -> Line:
        if not self.matches or y not in self.matches:
            return line
        return Line(line.pieces, "cursor" if y == self.matches[self.current] else "tagged")


def _text_of(line: Line) -> str:
    return "".join(text for text, _ in line.pieces)
