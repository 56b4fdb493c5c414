"""The main screen: header, meters, tabs, one table, the keys."""

from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult

from perftui.model.target import TargetKind
from perftui.tui.formatting import count_rows
from perftui.tui.header import header_line
from perftui.tui.keyed import KeyedScreen
from perftui.tui.keys import Command, Context
from perftui.tui.lines import Line, Piece, fill, fold_words, width_of
from perftui.tui.meters.layout import meter_lines, rows_for
from perftui.tui.pages import PAGES, Page, Pane, panes_of
from perftui.tui.screens.table_actions import TableActions
from perftui.tui.view import View
from perftui.tui.widgets.bottom_line import BottomLine
from perftui.tui.widgets.line_widget import LineWidget
from perftui.tui.widgets.live_table import LiveTable
from perftui.tui.widgets.top_pane import TopPane

_PAGE_KINDS: dict[str, TargetKind] = {
    "Redis": "redis", "Endpoints": "application", "Caches": "application", "Host": "host",
}  # fmt: skip
_KEY_LINE = (
    "help", "filter", "sort_next", "open", "kill", "pause", "timeline", "settings", "clear", "full_text",
    "back_in_time", "palette", "back",
)  # fmt: skip


class MainScreen(TableActions, KeyedScreen):
    """Draws the View it is given; keys that concern the table are in `TableActions`."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("main", "table", "app")
    TITLE_FOR_HELP = "The monitor"
    DEFAULT_CSS = """
    MainScreen { layout: vertical; overflow: hidden; }
    MainScreen > TopPane { height: 6; }
    MainScreen > LiveTable { height: 1fr; }
    MainScreen > #below { height: 0; }
    MainScreen > BottomLine { height: 1; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.page: Page = PAGES[0]
        self.zoomed = False
        self._pane = dict.fromkeys((page.title for page in PAGES), 0)
        self._events_seen_until = 0.0
        self.top = TopPane()
        self.table = LiveTable()
        self.below = LineWidget(id="below")
        self.bottom = BottomLine()

    def compose(self) -> ComposeResult:
        yield self.top
        yield self.table
        yield self.below
        yield self.bottom

    def on_mount(self) -> None:
        keymap = self.perftui.keymap
        commands = [keymap.commands[name] for name in _KEY_LINE]
        shown = [command for command in commands if not (command.changes_server and self.perftui.settings.read_only)]
        self.bottom.show_keys([(command, keymap.keys[command.name][0]) for command in shown])
        self.draw()

    def on_resize(self, _event: events.Resize) -> None:
        self.draw()

    def show_view(self, view: View) -> None:
        pane = self.pane(view)
        self.table.show(pane.spec(), view)
        self.draw()

    def pane(self, view: View) -> Pane:
        panes = panes_of(self.page, view)
        return panes[self._pane[self.page.title] % len(panes)]

    def draw(self) -> None:
        """Draw what stands above the table."""
        width, height = self.size
        if not width:
            return
        app, view = self.perftui, self.perftui.view
        newest_at = app.latest.taken_at if app.latest is not None else None
        header = header_line(
            view, width, interval_s=app.interval_s, paused=app.paused and not app.past, newest_at=newest_at
        )
        rows = 0 if self.zoomed else rows_for(width, height, self._kinds(view))
        tabs = self.top.tabs_line(self.page, self._marks(view), self._status(view), width)
        self.top.show(header, meter_lines(view, width, rows), tabs, self._summary(view, width))
        self._draw_below(view, width, height)

    def _draw_below(self, view: View | None, width: int, height: int) -> None:
        """The Overview's further blocks; the machine alone has none."""
        wanted = view is not None and not self.page.panes and not self.zoomed and self._kinds(view) > 1
        lines: list[Line] = []
        if view is not None and wanted:
            from perftui.tui.overview import height_for, overview_lines

            lines = overview_lines(view, width, height_for(height))
        if self.below.styles.height is None or self.below.styles.height.value != len(lines):
            self.below.styles.height = len(lines)
        self.below.set_lines(lines)

    def say(self, text: str, state: str = "normal") -> bool:
        self.bottom.say(text, state)
        return True

    def show_page(self, page: Page) -> None:
        """Open a tab."""
        self.page = page
        if self.perftui.view is not None:
            self.show_view(self.perftui.view)

    async def on_key(self, event: events.Key) -> None:
        if self.bottom.prompt is not None:
            event.stop()
            event.prevent_default()
            self.type_filter(event)
            return
        if event.key == "escape":
            event.stop()
            event.prevent_default()  # or KeyedScreen.on_key runs too, and Escape would quit
            self._escape()
        else:
            await super().on_key(event)

    def on_top_pane_tab_clicked(self, message: TopPane.TabClicked) -> None:
        self.show_page(message.page)

    async def on_bottom_line_key_clicked(self, message: BottomLine.KeyClicked) -> None:
        await self.perftui.run_command(message.command, self)

    def on_live_table_changed(self) -> None:
        self.draw()

    def action_back(self) -> None:
        self.perftui.leave(0)

    def action_next_pane(self) -> None:
        self._step_pane(1)

    def action_previous_pane(self) -> None:
        self._step_pane(-1)

    def action_next_page(self) -> None:
        self.show_page(PAGES[(PAGES.index(self.page) + 1) % len(PAGES)])

    def action_previous_page(self) -> None:
        self.show_page(PAGES[PAGES.index(self.page) - 1])

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed
        self.draw()

    def action_next_member(self) -> None:
        """The next target of the kind that this tab shows."""
        view = self.perftui.view
        kind = _PAGE_KINDS.get(self.page.title, "mongodb")
        states = view.targets(kind) if view is not None else ()
        current = view.target(kind) if view is not None else None
        if view is None or current is None or len(states) < 2:
            self.say("There is no other one to switch to.")
            return
        following = states[(states.index(current) + 1) % len(states)]
        self.perftui.selected[kind] = following.target.id
        self.perftui.renew_view()
        role = f" {following.mongodb.role}" if following.mongodb is not None and following.mongodb.role else ""
        self.say(f"In view: {following.target.name}{role}.")

    def action_timeline(self) -> None:
        from perftui.tui.screens.timeline import open_timeline

        open_timeline(self.perftui)

    def run_page(self, command: Command) -> None:
        """Open the tab of a `page_<key>` command."""
        self.show_page(next(page for page in PAGES if command.name == f"page_{page.key}"))

    def _escape(self) -> None:
        """Take away what lies over the live table: a full text, a filter, the past."""
        model = self.table.model
        if model is not None and model.full_text:
            self.action_full_text()
        elif model is not None and model.filter.text:
            model.set_filter("")
            self.table.changed()
        elif self.perftui.paused:
            self.perftui.go_live()

    def _step_pane(self, step: int) -> None:
        if self.perftui.view is not None:
            panes = panes_of(self.page, self.perftui.view)
            self._pane[self.page.title] = (self._pane[self.page.title] + step) % len(panes)
            self.show_view(self.perftui.view)

    def _kinds(self, view: View | None) -> int:
        if view is not None:
            return len({state.target.kind for state in view.snapshot.targets})
        return len({connection.target.kind for connection in self.perftui.settings.connections} | {"host"})

    def _marks(self, view: View | None) -> dict[str, tuple[str, str]]:
        """How many warnings came since Events was looked at."""
        if view is None:
            return {}
        if self.page.title == "Events":
            self._events_seen_until = max(self._events_seen_until, view.snapshot.taken_at)
        new = [
            event
            for event in view.snapshot.events
            if event.at > self._events_seen_until and event.severity in {"warning", "critical"}
        ]
        worst = "over" if any(event.severity == "critical" for event in new) else "warning"
        return {"Events": (f"{len(new)}!", worst)} if new else {}

    def _status(self, view: View | None) -> list[Piece]:
        model = self.table.model
        if view is None or model is None:
            return []
        count = f"{len(model.rows):,} of {model.total:,}" if model.filter.text else count_rows(model.total)
        pieces: list[Piece] = [(f" {count} ", "normal")]
        if model.filter.text:
            pieces.append((f" /{model.filter.text} "[:24], "warning"))
        if model.tags:
            pieces.append((f" {len(model.tags)} tagged ", "accent"))
        return pieces

    def _summary(self, view: View | None, width: int) -> list[Line]:
        maker = self.page.summary()
        if view is None or maker is None or self.zoomed:
            return []
        lines = []
        for pieces in [*self._pane_titles(view), *maker(view)]:
            if len(pieces) == 1 and width_of(pieces) > width:
                folded = fold_words(pieces[0][0].strip(), width - 2)[:3]
                lines += [Line(tuple(fill([(" " + part, pieces[0][1])], width))) for part in folded]
            elif pieces:
                lines.append(Line(tuple(fill(pieces, width))))
        return lines

    def _pane_titles(self, view: View) -> list[list[Piece]]:
        panes = panes_of(self.page, view)
        if len(panes) < 2:
            return []
        current = self.pane(view)
        titles: list[Piece] = [(" ", "normal")]
        titles += [(f" {pane.title} ", "tab" if pane is current else "dim") for pane in panes]
        return [[*titles, ("  Tab switches", "dim")]]

    def spec_row(self) -> tuple[Any, Any]:
        """The table in view and the row under its cursor."""
        model = self.table.model
        return (None, None) if model is None else (model.spec, model.row)
