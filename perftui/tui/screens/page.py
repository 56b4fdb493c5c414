"""A screen that is one scrolling page: a title, the page with a search in it, the keys."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult

from perftui.tui.formatting import clock
from perftui.tui.keyed import KeyedScreen
from perftui.tui.keys import Command, Context
from perftui.tui.lines import Line, Piece, cells, fill, fit, spread
from perftui.tui.view import View
from perftui.tui.widgets.line_widget import LineWidget
from perftui.tui.widgets.text_pane import TextPane


class PageScreen(KeyedScreen):
    """Its heirs say what the title, the page's lines, the copied text and the shown keys are."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("details", "app")
    KEY_LINE: ClassVar[tuple[str, ...]] = ("back", "search", "next_match", "fold", "copy_text", "help")
    DEFAULT_CSS = """
    PageScreen { layout: vertical; }
    PageScreen > #page-title, PageScreen > #page-keys { height: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._view: View | None = None
        self._folded = True
        self._typing: str | None = None
        self._said: Piece | None = None
        self._title = LineWidget(id="page-title")
        self.page = TextPane(self.lay_out_page, id="page-body")
        self._keys = LineWidget(id="page-keys")

    def compose(self) -> ComposeResult:
        yield self._title
        yield self.page
        yield self._keys

    @property
    def is_typing(self) -> bool:
        return self._typing is not None

    def title_text(self) -> str:
        """What the first line says; empty: nothing to show yet."""
        return ""

    def lay_out_page(self, width: int) -> list[Line]:  # noqa: ARG002
        """All lines of the page at a width."""
        return []

    def copied_text(self) -> str:
        """What the copy key copies."""
        return ""

    def offers(self, command: Command) -> bool:
        """Whether a command stands on the key line now."""
        return not (command.changes_server and self.perftui.settings.read_only)

    def show_view(self, view: View) -> None:
        self._view = view
        self.renew()

    def renew(self) -> None:
        """Draw again after something changed."""
        if self.is_mounted:
            self.page.renew()
            self.paint_frame()

    def say(self, text: str, state: str = "normal") -> bool:
        self._said = (text, state)
        self.paint_frame()
        return True

    def on_mount(self) -> None:
        self.page.focus()

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self.paint_frame)

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
        self.renew()

    def action_copy_text(self) -> None:
        if text := self.copied_text():
            self.perftui.copy(text)

    def action_search(self) -> None:
        """Search in the page."""
        self._typing = ""
        self.paint_frame()

    def action_next_match(self) -> None:
        self._step_match(1)

    def action_previous_match(self) -> None:
        self._step_match(-1)

    def action_back(self) -> None:
        if self.page.pattern:
            self._look_for("")
            return
        super().action_back()

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
        self.paint_frame()

    def _look_for(self, pattern: str) -> None:
        self.page.search(pattern)
        self.paint_frame()

    def _step_match(self, step: int) -> None:
        self.page.next_match(step)
        self.paint_frame()

    def _move(self, top: int) -> None:
        self.page.move_to(top)
        self.paint_frame()

    def paint_frame(self) -> None:
        """Draw the title and the keys."""
        title = self.title_text()
        if not title or self._view is None or not self.is_mounted:
            return
        width = self.size.width
        shown = [(" " + fit(title, max(width - 30, 10)).rstrip(), "heading")]
        self._title.set_lines([Line(tuple(spread(shown, [self.say_time(self._view)], width)), "header")])
        self._keys.set_lines([Line(tuple(self._bottom(width)), "bar")])

    def say_time(self, view: View) -> Piece:
        """What stands at the right of the title."""
        old = self.say_old(view)
        words = [*(() if view.live else ("past",)), *((old,) if old else ())]
        return "  ".join([*words, f"{clock(view.snapshot.taken_at, view.utc)} "]), "warning" if words else "normal"

    def say_old(self, view: View) -> str:  # noqa: ARG002
        """How old what the page shows is; empty: it is of this moment."""
        return ""

    def _bottom(self, width: int) -> list[Piece]:
        matches = self.page.say_matches()
        right: list[Piece] = [(f"{matches}  " if matches else "", "accent"), (f"{self.page.say_place()} ", "normal")]
        if self._typing is not None:
            return spread([(" /", "key"), (fit(self._typing + "▏", width - 24).rstrip(), "normal")], right, width)
        if self._said is not None:
            return fill([(" " + fit(self._said[0], width - 2), self._said[1])], width)
        return spread(self._key_pieces(width - sum(cells(text) for text, _ in right)), right, width)

    def _key_pieces(self, room: int) -> list[Piece]:
        """The keys that have room, most important first."""
        keymap, pieces = self.perftui.keymap, list[Piece]()
        for name in self.KEY_LINE:
            command = keymap.commands[name]
            if not self.offers(command):
                continue
            label = "Back" if name == "back" else command.label
            both = (f" {keymap.shown(name, 1)}", f" {label} ")
            room -= cells(both[0]) + cells(both[1])
            if room < 0:
                break
            pieces += [(both[0], "key"), (both[1], "normal")]
        return pieces
