"""Help made from the registry: every key of the screen it was opened on. It scrolls."""

from collections.abc import Iterable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult

from perftui.tui.keyed import KeyedScreen
from perftui.tui.keys import Context, Keymap
from perftui.tui.lines import Line, fit, fold_words, spread
from perftui.tui.widgets.line_widget import LineWidget
from perftui.tui.widgets.text_pane import TextPane

_TITLES: dict[Context, str] = {
    "main": "Screen",
    "table": "Table",
    "details": "This page",
    "timeline": "Time axis",
    "settings": "Settings",
    "app": "Everywhere",
}
_READING = (
    ("-", "not known; never the same as 0"),
    ("! ^", "over a threshold; near it (colour says the same)"),
    ("dimmed", "old: its source does not answer; the words beside it say since when"),
    ("v ^", "in a column's title: sorted by it, falling or rising"),
)
_FILTERS = (
    ("word", "rows with this text in a column of words"),
    ("ns:orders", "rows with this text in one column; its name is its title in lower case, as in exports"),
    ("p95:>100", "rows with a figure above (or with < below) this one"),
    ("!word", "the other rows; several terms must all hold"),
)


class HelpScreen(KeyedScreen):
    """A page of keys; q, Esc or ? leaves it."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("table", "app")
    DEFAULT_CSS = """
    HelpScreen { layout: vertical; }
    HelpScreen > #help-title, HelpScreen > #help-keys { height: 1; }
    """

    def __init__(self, contexts: Iterable[Context], title: str) -> None:
        super().__init__()
        self._contexts, self._subject = tuple(contexts), title
        self._title = LineWidget(id="help-title")
        self._page = TextPane(self._lay_out, id="help-page")
        self._keys = LineWidget(id="help-keys")

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._page
        yield self._keys

    def on_mount(self) -> None:
        self.call_after_refresh(self._paint_frame)

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self._paint_frame)

    def action_help(self) -> None:
        self.action_back()

    def action_down(self) -> None:
        self._move(1)

    def action_up(self) -> None:
        self._move(-1)

    def action_page_down(self) -> None:
        self._move(self._page.size.height - 2)

    def action_page_up(self) -> None:
        self._move(2 - self._page.size.height)

    def action_first(self) -> None:
        self._move(-(10**6))

    def action_last(self) -> None:
        self._move(10**6)

    def _move(self, step: int) -> None:
        self._page.move_to(self._page.top + step)
        self._paint_frame()

    def _paint_frame(self) -> None:
        width = self.size.width
        title = f" Help: {self._subject or 'keys'}"
        self._title.set_lines(
            [Line(tuple(spread([(title, "heading")], [(self._page.say_place() + " ", "dim")], width)), "header")]
        )
        self._keys.set_lines(
            [
                Line(
                    tuple(
                        spread(
                            [(" q ", "key"), ("back  ", "normal"), ("PgDn PgUp ", "key"), ("scroll", "normal")],
                            [],
                            width,
                        )
                    ),
                    "bar",
                )
            ]
        )

    def _lay_out(self, width: int) -> list[Line]:
        lines: list[Line] = []
        for context in self._contexts:
            lines += [*self._section(self.perftui.keymap, context, width), Line()]
        lines += [*_table("Filter", _FILTERS, width), Line(), *_table("Reading the screen", _READING, width)]
        return lines

    def _section(self, keymap: Keymap, context: Context, width: int) -> list[Line]:
        rows = [(keymap.shown(command.name), command.help) for command in keymap.of([context])]
        return _table(_TITLES[context], rows, width)


def _table(title: str, rows: Iterable[tuple[str, str]], width: int) -> list[Line]:
    """Keys and what they do; in two columns where there is room."""
    columns = 2 if width >= 150 else 1
    room = min(width - 18, 58)
    cells = [
        ((" " + fit(key if index == 0 else "", 15), "key"), (" " + fit(part, room), "normal"))
        for key, text in rows
        for index, part in enumerate(fold_words(text, room))
    ]
    height = -(-len(cells) // columns)
    lines = [Line(((" " + title, "heading"),))]
    for row in range(height):
        pieces = [
            piece
            for column in range(columns)
            if row + column * height < len(cells)
            for piece in cells[row + column * height]
        ]
        lines.append(Line(tuple(pieces)))
    return lines
