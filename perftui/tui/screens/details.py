"""What is behind a row: figures, history, the whole text. Stays up to date while it is open."""

from collections.abc import Callable, Hashable
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.app import ComposeResult

from perftui.model.operation import Operation
from perftui.tui.formatting import clock
from perftui.tui.keyed import KeyedScreen
from perftui.tui.keys import Context
from perftui.tui.lines import Line, Piece, fill, fit, spread
from perftui.tui.screens.document import Document, lay_out, say_gone
from perftui.tui.table_spec import TableSpec
from perftui.tui.view import View
from perftui.tui.widgets.line_widget import LineWidget
from perftui.tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

Builder = Callable[[View, Hashable], Document | None]

_BUILDERS = {
    "operations": "mongodb.operation",
    "queries": "mongodb.query",
    "members": "mongodb.member",
    "application queries": "application.query_group",
    "endpoints": "application.endpoint",
    "caches": "application.cache",
    "redis commands": "redis.command",
    "redis slow log": "redis.slow_command",
    "processes": "other.process",
    "events": "other.event",
    "sources": "other.source",
}
"""The name of a table -> the module and function that tell about one of its rows."""


def builder_of(table: str) -> Builder | None:
    """The function that makes the details of a table's rows; imported when first asked for."""
    place = _BUILDERS.get(table)
    if place is None:
        return None
    module, _, function = place.partition(".")
    found: Builder = getattr(import_module(f"perftui.tui.screens.details_{module}"), function)
    return found


def open_details(app: "PerftuiApp", spec: TableSpec[Any], row: Any) -> bool:
    """Open what is behind a row; False where this table has no details."""
    build = builder_of(spec.name)
    if build is None or app.view is None:
        return False
    app.push_screen(DetailsScreen(build, spec.key(row), spec.name, row))
    return True


class DetailsScreen(KeyedScreen):
    """One thing, from top to bottom: a title, a page that scrolls, the keys."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("details", "app")
    TITLE_FOR_HELP = "Details"
    DEFAULT_CSS = """
    DetailsScreen { layout: vertical; }
    DetailsScreen > #details-title, DetailsScreen > #details-keys { height: 1; }
    """

    def __init__(self, build: Builder, key: Hashable, table: str, row: Any) -> None:
        super().__init__()
        self._build, self._key = build, key
        self.table, self.row = table, row
        self.document: Document | None = None
        self.gone = False
        self._view: View | None = None
        self._folded = True
        self._typing: str | None = None
        self._said: Piece | None = None
        self._title = LineWidget(id="details-title")
        self.page = TextPane(self._lay_out, id="details-page")
        self._keys = LineWidget(id="details-keys")

    def compose(self) -> ComposeResult:
        yield self._title
        yield self.page
        yield self._keys

    def show_view(self, view: View) -> None:
        document = self._build(view, self._key)
        self.gone = document is None
        self.document = document or self.document
        self._view = view
        if self.is_mounted:
            self.page.renew()
            self._paint_frame()

    def say(self, text: str, state: str = "normal") -> bool:
        self._said = (text, state)
        self._paint_frame()
        return True

    def on_mount(self) -> None:
        self.page.focus()

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self._paint_frame)

    async def on_key(self, event: events.Key) -> None:
        self._said = None
        if self._typing is None:
            await super().on_key(event)
            return
        event.stop()
        event.prevent_default()
        self._type(event)

    def on_paste(self, event: events.Paste) -> None:
        if self._typing is not None:
            self._typing += " ".join(event.text.split())
            self._look_for(self._typing)

    def action_scroll_down(self) -> None:
        self._move(self.page.top + 1)

    def action_scroll_up(self) -> None:
        self._move(self.page.top - 1)

    def action_scroll_page_down(self) -> None:
        self._move(self.page.top + max(self.page.size.height - 2, 1))

    def action_scroll_page_up(self) -> None:
        self._move(self.page.top - max(self.page.size.height - 2, 1))

    def action_scroll_first(self) -> None:
        self._move(0)

    def action_scroll_last(self) -> None:
        self._move(self.page.last_top)

    def action_fold(self) -> None:
        """Fold long lines, or cut them at the edge."""
        self._folded = not self._folded
        self.page.renew()
        self._paint_frame()

    def action_copy_text(self) -> None:
        if self.document is not None and self.document.copied:
            self.perftui.copy(self.document.copied)

    def action_kill_this(self) -> None:
        """Ask to kill the operation that this page is about, as it was last seen."""
        view = self.perftui.view
        target = view.target("mongodb") if view is not None else None
        if view is None or target is None or not self._can_kill():
            self.say("There is no operation to kill on this page.")
            return
        from perftui.tui.dialogs.kill import open_kill

        open_kill(self.perftui, self.row, target)

    def action_search(self) -> None:
        """Search in the page."""
        self._typing = ""
        self._paint_frame()

    def action_next_match(self) -> None:
        self._step_match(1)

    def action_previous_match(self) -> None:
        self._step_match(-1)

    def action_back(self) -> None:
        if self.page.pattern:
            self._look_for("")
            return
        super().action_back()

    def _can_kill(self) -> bool:
        return isinstance(self.row, Operation) and self.row.killable and not self.gone

    def _type(self, event: events.Key) -> None:
        text = self._typing or ""
        if event.key in ("enter", "escape"):
            self._typing = None
            if event.key == "escape":
                self.page.search("")
        elif event.key == "backspace":
            self._typing = text[:-1] if text else None
        elif event.is_printable and event.character:
            self._typing = text + event.character
        if self._typing is not None:
            self.page.search(self._typing)
        self._paint_frame()

    def _look_for(self, pattern: str) -> None:
        self.page.search(pattern)
        self._paint_frame()

    def _step_match(self, step: int) -> None:
        self.page.next_match(step)
        self._paint_frame()

    def _move(self, top: int) -> None:
        self.page.move_to(top)
        self._paint_frame()

    def _lay_out(self, width: int) -> list[Line]:
        if self.document is None:
            return [Line((("It is not there any more.", "dim"),))]
        utc = self._view.utc if self._view is not None else False
        return lay_out(self.document, width, folded=self._folded, utc=utc)

    def _paint_frame(self) -> None:
        if self.document is None or self._view is None or not self.is_mounted:
            return
        width = self.size.width
        title = [(" " + fit(self.document.title, max(width - 30, 10)).rstrip(), "heading")]
        self._title.set_lines([Line(tuple(spread(title, [self._say_time(self._view)], width)), "header")])
        self._keys.set_lines([Line(tuple(self._bottom(width)), "bar")])

    def _say_time(self, view: View) -> Piece:
        if self.gone and self.document is not None:
            return f"{say_gone(self.document, view.utc)} ", "warning"
        word = "" if view.live else "past  "
        return f"{word}{clock(view.snapshot.taken_at, view.utc)} ", "normal" if view.live else "warning"

    def _bottom(self, width: int) -> list[Piece]:
        matches = self.page.say_matches()
        right: list[Piece] = [(f"{matches}  " if matches else "", "accent"), (f"{self.page.say_place()} ", "normal")]
        if self._typing is not None:
            return spread([(" /", "key"), (fit(self._typing + "▏", width - 24).rstrip(), "normal")], right, width)
        if self._said is not None:
            return fill([(" " + fit(self._said[0], width - 2), self._said[1])], width)
        keymap, left = self.perftui.keymap, list[Piece]()
        for name in ("back", "search", "next_match", "fold", "copy_text", "kill_this", "help"):
            command = keymap.commands[name]
            if name != "kill_this" or self._can_kill():
                label = "Back" if name == "back" else command.label
                left += [(f" {keymap.shown(name, 1)}", "key"), (f" {label} ", "normal")]
        return spread(left, right, width)
