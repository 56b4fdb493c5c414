"""What is behind a row: figures, history, the whole text. Stays up to date while it is open."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from perftui.advice.contention.groups import OperationGroup
from perftui.advice.contention.wait import Wait
from perftui.model.operation import OpenTransaction, Operation
from perftui.model.snapshot import TargetState
from perftui.model.target import TargetKind
from perftui.tui.keys import Command
from perftui.tui.lines import Line, Piece
from perftui.tui.screens.builders import Builder, builder_of
from perftui.tui.screens.document import Document, lay_out, say_gone
from perftui.tui.screens.page import PageScreen
from perftui.tui.staleness import dimmed, old_by, say_old
from perftui.tui.table_spec import TableSpec
from perftui.tui.tables.origins import origins
from perftui.tui.view import View

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

_ROWS_OF: dict[str, tuple[str, ...]] = {
    "origin_this": ("queries", "operations", "endpoints"),
    "explain_this": ("queries", "operations"),
    "advise_this": ("queries", "operations", "collections", "indexes"),
    "create_this": ("queries",),
    "hide_this": ("indexes",),
    "drop_this": ("indexes",),
}
"""A command -> the tables whose rows it is offered for."""


def open_details(app: "PerftuiApp", spec: TableSpec[Any], row: Any) -> bool:
    """Open what is behind a row; False where this table has no details."""
    build = builder_of(spec.name)
    if build is None or app.view is None:
        return False
    app.push_screen(DetailsScreen(build, spec, row, app.view.selected))
    return True


class DetailsScreen(PageScreen):
    """One thing, from top to bottom: a title, a page that scrolls, the keys."""

    TITLE_FOR_HELP = "Details"
    KEY_LINE: ClassVar[tuple[str, ...]] = (
        "back", "origin_this", "explain_this", "advise_this", "create_this", "hide_this", "drop_this", "kill_this",
        "search", "next_match", "fold", "copy_text", "help",
    )  # fmt: skip

    def __init__(self, build: Builder, spec: TableSpec[Any], row: Any, selected: dict[TargetKind, str]) -> None:
        """`selected`: the targets in view by now; the page stays with them, and so do its keys."""
        super().__init__()
        self.selected = selected
        self._build, self.spec, self._key = build, spec, spec.key(row)
        self.table, self.row = spec.name, row
        self.document: Document | None = None
        self.gone = False

    def title_text(self) -> str:
        return self.document.title if self.document is not None else ""

    def copied_text(self) -> str:
        return self.document.copied if self.document is not None else ""

    def offers(self, command: Command) -> bool:
        wanted = _ROWS_OF.get(command.name)
        if wanted is not None and self.table not in wanted:
            return False
        if command.name == "origin_this" and self.table != "endpoints" and not origins(self.row):
            return False
        return super().offers(command) and (command.name != "kill_this" or self._can_kill())

    def show_view(self, view: View) -> None:
        view = view.standing_on(self.selected)
        document, last = self._build(view, self._key), self.document
        self.gone = document is None
        if document is None and last is not None and last.renewed is not None:
            document = last.renewed(view)
        self.document = document or last
        super().show_view(view)

    def lay_out_page(self, width: int) -> list[Line]:
        if self.document is None:
            return [Line((("It is not there any more.", "dim"),))]
        view = self._view
        lines = lay_out(self.document, width, folded=self._folded, utc=view is not None and view.utc)
        is_old = view is not None and old_by(self.spec, view) is not None
        return [dimmed(line) for line in lines] if is_old else lines

    def say_time(self, view: View) -> Piece:
        if self.gone and self.document is not None:
            return f"{say_gone(self.document, view.snapshot.taken_at, view.utc)} ", "warning"
        return super().say_time(view)

    def say_old(self, view: View) -> str:
        return say_old(self.spec, view)

    def action_origin_this(self) -> None:
        from perftui.tui.origin import open_origin

        open_origin(self.perftui, self.current_row())

    def action_explain_this(self) -> None:
        from perftui.tui.ask import open_plan

        self._act(open_plan)

    def action_advise_this(self) -> None:
        from perftui.tui.ask import open_advice

        self._act(open_advice)

    def action_create_this(self) -> None:
        from perftui.tui.dialogs.create import create_for

        self._act(create_for)

    def action_hide_this(self) -> None:
        from perftui.tui.dialogs.indexes import open_hide

        self._act(open_hide)

    def action_drop_this(self) -> None:
        from perftui.tui.dialogs.indexes import open_drop

        self._act(open_drop)

    def current_row(self) -> Any:
        """The thing as it is in the newest View; as it was last seen where it is gone."""
        view = self._newest()
        rows = self.spec.rows(view) if view is not None else ()
        self.row = next((row for row in rows if self.spec.key(row) == self._key), self.row)
        return self.row

    def action_kill_this(self) -> None:
        """Ask to kill what this page is about: an operation, a group as it is now, or a session."""
        target = self._server()
        if target is None or not self._can_kill():
            self.say("There is no operation to kill on this page.")
            return
        from perftui.tui.dialogs.kill import open_kill_of

        open_kill_of(self.perftui, self.current_row(), target)

    def _act(self, act: "Callable[[PerftuiApp, Any, TargetState | None], None]") -> None:
        """On this row where it was found, though the main screen may show another server by now."""
        server = self._server()
        if server is None and "mongodb" in self.selected:
            self.say("Its server is not monitored any more.", "warning")
        else:
            act(self.perftui, self.current_row(), server)

    def _newest(self) -> View | None:
        view = self.perftui.view
        return None if view is None else view.standing_on(self.selected)

    def _server(self) -> TargetState | None:
        """The MongoDB of this page, as it is now."""
        view = self._newest()
        return None if view is None else view.target("mongodb")

    def _can_kill(self) -> bool:
        if self.gone:
            return False
        if isinstance(self.row, Operation | OperationGroup):
            return bool(self.row.killable)
        return isinstance(self.row, OpenTransaction | Wait)
