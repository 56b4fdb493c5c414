"""Operations in groups: by shape, client or application, and back."""

from typing import TYPE_CHECKING, Any

from perftui.advice.contention.groups import GROUPINGS, GroupKey
from perftui.tui.pages import PAGES, Page, Pane

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp
    from perftui.tui.table_spec import TableSpec
    from perftui.tui.view import View

OPERATIONS_PAGE = next(page for page in PAGES if page.title == "Operations")
OPERATIONS_PANE = OPERATIONS_PAGE.panes[0]


def spec_in_view(pane: Pane, view: "View") -> "TableSpec[Any]":
    """The pane's table; that of the groups while operations are grouped and no group is opened."""
    if pane is OPERATIONS_PANE and view.grouping is not None and view.group is None:
        from perftui.tui.tables.operation_groups import OPERATION_GROUPS

        return OPERATION_GROUPS
    return pane.spec()


def title_in_view(view: "View") -> str | None:
    """What stands after the pane's title."""
    if view.group is not None:
        return " of one shape" if view.group.by == "shape" else f" of {view.group.value}"
    return None if view.grouping is None else f" by {view.grouping}"


class GroupingActions:
    """Mixed into the main screen."""

    if TYPE_CHECKING:
        page: Page
        _pane: dict[str, int]

        @property
        def perftui(self) -> "PerftuiApp": ...
        def say(self, text: str, state: str = "normal") -> bool: ...
        def show_page(self, page: Page) -> None: ...

    def action_group(self) -> None:
        """Group by the next of shape, client and application, then by nothing; from elsewhere, by shape."""
        app = self.perftui
        here = self.page is OPERATIONS_PAGE and self._pane[OPERATIONS_PAGE.title] == 0
        following: tuple[Any, ...] = (None, *GROUPINGS, None)
        app.grouping = following[following.index(app.grouping) + 1] if here else GROUPINGS[0]
        app.group = None
        self._show_operations()
        if app.grouping is None:
            self.say("Operations one by one.")
        else:
            self.say(f"Grouped by {app.grouping}: Enter opens a group, K kills it, b groups by the next.")

    def open_group(self, key: GroupKey) -> None:
        """Show the operations of one group."""
        self.perftui.group = key
        self._show_operations()

    def leave_group(self) -> bool:
        """From a group's operations to the groups, from those to the operations one by one; False: in neither."""
        app = self.perftui
        if self.page is not OPERATIONS_PAGE or (app.group is None and app.grouping is None):
            return False
        if app.group is None:
            app.grouping = None
        elif app.group.by == "connection":
            app.group = None
            self._pane[OPERATIONS_PAGE.title] = next(
                place for place, pane in enumerate(OPERATIONS_PAGE.panes) if pane.name == "CONNECTIONS"
            )
        else:
            app.group = None
        app.renew_view()
        return True

    def _show_operations(self) -> None:
        self._pane[OPERATIONS_PAGE.title] = 0
        if self.page is not OPERATIONS_PAGE:
            self.show_page(OPERATIONS_PAGE)
        self.perftui.renew_view()
