"""What is behind a row: figures, history, the whole text. Stays up to date while it is open."""

from collections.abc import Callable, Hashable
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from perftui.advice.contention.groups import OperationGroup
from perftui.advice.contention.wait import Wait
from perftui.model.operation import OpenTransaction, Operation
from perftui.tui.keys import Command
from perftui.tui.lines import Line, Piece
from perftui.tui.screens.document import Document, lay_out, say_gone
from perftui.tui.screens.page import PageScreen
from perftui.tui.table_spec import TableSpec
from perftui.tui.tables.origins import origins
from perftui.tui.view import View

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

Builder = Callable[[View, Hashable], Document | None]

_BUILDERS = {
    "operations": "mongodb.operation",
    "queries": "query.query",
    "members": "mongodb.member",
    "operation groups": "groups.group",
    "connections": "groups.connection",
    "waits": "waits.wait",
    "transactions": "waits.transaction",
    "indexes": "index.index",
    "application queries": "application.query_group",
    "endpoints": "application.endpoint",
    "caches": "cache.cache",
    "slow requests": "library.slow_request",
    "websockets": "library.websocket",
    "connection pools": "library.pool",
    "redis commands": "redis.command",
    "redis slow log": "redis.slow_command",
    "processes": "other.process",
    "events": "other.event",
    "sources": "other.source",
}
"""The name of a table -> the module and function that tell about one of its rows."""
_ROWS_OF: dict[str, tuple[str, ...]] = {
    "origin_this": ("queries", "operations", "endpoints"),
    "explain_this": ("queries", "operations"),
    "advise_this": ("queries", "operations", "collections", "indexes"),
    "create_this": ("queries",),
    "hide_this": ("indexes",),
    "drop_this": ("indexes",),
}
"""A command -> the tables whose rows it is offered for."""


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
    app.push_screen(DetailsScreen(build, spec, row))
    return True


class DetailsScreen(PageScreen):
    """One thing, from top to bottom: a title, a page that scrolls, the keys."""

    TITLE_FOR_HELP = "Details"
    KEY_LINE: ClassVar[tuple[str, ...]] = (
        "back", "origin_this", "explain_this", "advise_this", "create_this", "hide_this", "drop_this", "kill_this",
        "search", "next_match", "fold", "copy_text", "help",
    )  # fmt: skip

    def __init__(self, build: Builder, spec: TableSpec[Any], row: Any) -> None:
        super().__init__()
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
        document, last = self._build(view, self._key), self.document
        self.gone = document is None
        if document is None and last is not None and last.renewed is not None:
            document = last.renewed(view)
        self.document = document or last
        super().show_view(view)

    def lay_out_page(self, width: int) -> list[Line]:
        if self.document is None:
            return [Line((("It is not there any more.", "dim"),))]
        utc = self._view.utc if self._view is not None else False
        return lay_out(self.document, width, folded=self._folded, utc=utc)

    def say_time(self, view: View) -> Piece:
        if self.gone and self.document is not None:
            return f"{say_gone(self.document, view.utc)} ", "warning"
        return super().say_time(view)

    def action_origin_this(self) -> None:
        from perftui.tui.origin import open_origin

        open_origin(self.perftui, self.current_row())

    def action_explain_this(self) -> None:
        from perftui.tui.ask import open_plan

        open_plan(self.perftui, self.current_row())

    def action_advise_this(self) -> None:
        from perftui.tui.ask import open_advice

        open_advice(self.perftui, self.current_row())

    def action_create_this(self) -> None:
        from perftui.tui.dialogs.create import create_for

        create_for(self.perftui, self.current_row())

    def action_hide_this(self) -> None:
        from perftui.tui.dialogs.indexes import open_hide

        open_hide(self.perftui, self.current_row())

    def action_drop_this(self) -> None:
        from perftui.tui.dialogs.indexes import open_drop

        open_drop(self.perftui, self.current_row())

    def current_row(self) -> Any:
        """The thing as it is in the newest View; as it was last seen where it is gone."""
        view = self.perftui.view
        rows = self.spec.rows(view) if view is not None else ()
        self.row = next((row for row in rows if self.spec.key(row) == self._key), self.row)
        return self.row

    def action_kill_this(self) -> None:
        """Ask to kill what this page is about: an operation, a group as it is now, or a session."""
        view = self.perftui.view
        target = view.target("mongodb") if view is not None else None
        if view is None or target is None or not self._can_kill():
            self.say("There is no operation to kill on this page.")
            return
        from perftui.tui.dialogs.kill import open_kill_of

        open_kill_of(self.perftui, self.current_row(), target)

    def _can_kill(self) -> bool:
        if self.gone:
            return False
        if isinstance(self.row, Operation | OperationGroup):
            return bool(self.row.killable)
        return isinstance(self.row, OpenTransaction | Wait)
