"""Which tab, which of its tables, and which target is in view; what is opened there, and the way back."""

from collections.abc import Hashable
from typing import TYPE_CHECKING

from perftui.model.target import TargetKind
from perftui.tui.pages import PAGES, Page, Pane, panes_of
from perftui.tui.view import View

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp
    from perftui.tui.keys import Command
    from perftui.tui.widgets.live_table import LiveTable

_PAGE_KINDS: dict[str, TargetKind] = {
    "Redis": "redis", "Endpoints": "application", "Caches": "application", "Host": "host",
}  # fmt: skip


class PageActions:
    """Mixed into the main screen."""

    if TYPE_CHECKING:
        page: Page
        _pane: dict[str, int]
        table: LiveTable

        @property
        def perftui(self) -> "PerftuiApp": ...
        def say(self, text: str, state: str = "normal") -> bool: ...
        def show_view(self, view: View) -> None: ...
        def leave_group(self) -> bool: ...
        def _show_keys(self) -> None: ...

    def show_page(self, page: Page) -> None:
        """Open a tab, with all that belongs on it."""
        self.page = page
        self._show_keys()
        if self.perftui.endpoint is not None:
            self.perftui.endpoint = None
            self.perftui.renew_view()
        elif self.perftui.view is not None:
            self.show_view(self.perftui.view)

    def run_page(self, command: "Command") -> None:
        """Open the tab of a `page_<key>` command."""
        self.show_page(next(page for page in PAGES if command.name == f"page_{page.key}"))

    def action_next_page(self) -> None:
        self.show_page(PAGES[(PAGES.index(self.page) + 1) % len(PAGES)])

    def action_previous_page(self) -> None:
        self.show_page(PAGES[PAGES.index(self.page) - 1])

    def pane(self, view: View) -> Pane:
        panes = panes_of(self.page, view)
        return panes[self._pane[self.page.title] % len(panes)]

    def action_next_pane(self) -> None:
        self._step_pane(1)

    def action_previous_pane(self) -> None:
        self._step_pane(-1)

    def _step_pane(self, step: int) -> None:
        if self.perftui.view is not None:
            panes = panes_of(self.page, self.perftui.view)
            self._pane[self.page.title] = (self._pane[self.page.title] + step) % len(panes)
            self.show_view(self.perftui.view)

    def show_row(self, pane: int, key: Hashable) -> None:
        """Show this table of the tab with the cursor on the row of this key."""
        self._pane[self.page.title] = pane
        view = self.perftui.view
        if view is None:
            return
        self.show_view(view)
        model = self.table.model
        place = None if model is None else model.place_of(key)
        if model is not None and place is None and model.filter.text:
            model.set_filter("")
            place = model.place_of(key)
        if model is not None and place is not None:
            model.move_to(place)
            self.table.changed()

    def open_collection(self, ns: str | None) -> None:
        """Show one collection's indexes; `None`: go back to the collections."""
        self._pane["Indexes"] = 0 if ns is None else 1
        self.perftui.collection = ns
        if self.page.title != "Indexes":
            self.show_page(next(page for page in PAGES if page.title == "Indexes"))
        self.perftui.renew_view()

    def open_endpoint(self, endpoint: tuple[str, str]) -> None:
        """Show the queries of one endpoint."""
        self._pane["Queries"] = 0
        self.show_page(next(page for page in PAGES if page.title == "Queries"))
        self.perftui.endpoint = endpoint
        self.perftui.renew_view()

    def _leave_opened(self) -> bool:
        """Go back from what was opened on this tab; False where nothing was."""
        if self.leave_group():
            return True
        if self.page.title == "Indexes" and self.perftui.collection is not None:
            self.open_collection(None)
        elif self.page.title == "Queries" and self.perftui.endpoint is not None:
            self.show_page(next(page for page in PAGES if page.title == "Endpoints"))
        else:
            return False
        return True

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
