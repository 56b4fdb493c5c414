"""The main screen: header, meters, tabs, one table, the keys."""

from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult

from perftui.model.target import TargetKind
from perftui.tui.header import header_line
from perftui.tui.keyed import KeyedScreen
from perftui.tui.keys import Context
from perftui.tui.lines import Line
from perftui.tui.meters.layout import meter_lines, rows_for
from perftui.tui.pages import PAGES, Page
from perftui.tui.screens.grouping import GroupingActions, spec_in_view
from perftui.tui.screens.main_lines import event_mark, key_names, status_pieces, summary_lines
from perftui.tui.screens.page_actions import PageActions
from perftui.tui.screens.table_actions import TableActions
from perftui.tui.verdict_line import verdict_line
from perftui.tui.view import View
from perftui.tui.widgets.bottom_line import BottomLine
from perftui.tui.widgets.line_widget import LineWidget
from perftui.tui.widgets.live_table import LiveTable
from perftui.tui.widgets.top_pane import TopPane


class MainScreen(PageActions, GroupingActions, TableActions, KeyedScreen):
    """Draws the View it is given. What keys do to tabs, groups and the table is in the three others."""

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
        self._show_keys()
        self.draw()

    def on_resize(self, _event: events.Resize) -> None:
        self.draw()

    @property
    def is_typing(self) -> bool:
        return self.bottom.prompt is not None

    def show_view(self, view: View) -> None:
        pane = self.pane(view)
        self.perftui.list_connections(pane.name == "CONNECTIONS")
        self.table.show(spec_in_view(pane, view), view)
        self._show_keys()
        self.draw()

    def draw(self) -> None:
        """Draw what stands above the table."""
        width, height = self.size
        if not width:
            return
        app, view = self.perftui, self.perftui.view
        newest_at = app.latest.taken_at if app.latest is not None else None
        interval_s = app.interval_s if view is None or (app.feed.live and not app.past) else view.snapshot.interval_s
        header = header_line(
            view, width, interval_s=interval_s, paused=app.paused and not app.past, newest_at=newest_at
        )
        rows = 0 if self.zoomed else rows_for(width, height, self._kinds(view))
        tabs = self.top.tabs_line(self.page, self._marks(view), status_pieces(view, self.table.model), width)
        self.top.show(
            header, [*self._verdict(view, width), *meter_lines(view, width, rows)], tabs, self._summary(view, width)
        )
        self._draw_below(view, width, height)

    def _verdict(self, view: View | None, width: int) -> list[Line]:
        """The Overview's first line."""
        if self.page.panes:
            return []
        return [verdict_line(view, self.perftui.keymap, width, read_only=self.perftui.settings.read_only)]

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

    def _show_keys(self) -> None:
        """The keys that mean something on this tab first; none that acts where nothing may be changed."""
        keymap, read_only = self.perftui.keymap, self.perftui.settings.read_only
        names = key_names(self.page, has_mongodb=self._has("mongodb"), row=self.spec_row()[1])
        commands = [keymap.commands[name] for name in names]
        shown = [command for command in commands if not (command.changes_server and read_only)]
        keys = [(command, keymap.keys[command.name][0]) for command in shown]
        if keys != self.bottom.keys_shown:
            self.bottom.show_keys(keys)

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
        """Leave an opened collection or endpoint, else quit; while a build runs, only after its words were seen."""
        if not self._leave_opened():
            self.perftui.leave_when_told()

    def action_zoom(self) -> None:
        self.zoomed = not self.zoomed
        self.draw()

    def action_verdict(self) -> None:
        from perftui.tui.evidence import show_evidence

        show_evidence(self)

    def action_verdict_whole(self) -> None:
        from perftui.tui.screens.verdict import VerdictScreen

        self.perftui.push_screen(VerdictScreen())
        self.perftui.renew_view()

    def action_timeline(self) -> None:
        from perftui.tui.screens.timeline import open_timeline

        open_timeline(self.perftui)

    def _escape(self) -> None:
        """Take away what lies over the live table: a full text, a filter, an opened collection, the past."""
        model = self.table.model
        if model is not None and model.full_text:
            self.action_full_text()
        elif model is not None and model.filter.text:
            model.set_filter("")
            self.table.changed()
        elif not self._leave_opened() and self.perftui.paused:
            self.perftui.go_live()

    def _has(self, kind: TargetKind) -> bool:
        return any(connection.target.kind == kind for connection in self.perftui.settings.connections) or (
            self.perftui.view is not None and self.perftui.view.target(kind) is not None
        )

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
        return event_mark(view, self._events_seen_until)

    def _summary(self, view: View | None, width: int) -> list[Line]:
        return [] if view is None or self.zoomed else summary_lines(self.page, view, self.pane(view), width)

    def spec_row(self) -> tuple[Any, Any]:
        """The table in view and the row under its cursor."""
        model = self.table.model
        return (None, None) if model is None else (model.spec, model.row)
