"""Hide, show and drop the index under the cursor; abort the build of one that is not ready."""

from typing import TYPE_CHECKING, Any

from perftui.model.snapshot import TargetState
from perftui.model.target import Connection
from perftui.tui.ask import server_in_view
from perftui.tui.dialogs.flow import acting_through, start_action
from perftui.tui.tables.indexes import IndexRow

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

_NO_INDEX = "This works on an index: tab 7, Enter on its collection, then the key on its row."


def open_hide(app: "PerftuiApp", row: Any, on: TargetState | None = None) -> None:
    """Ask to hide the index, or to show a hidden one again. `on`: its server, where it is not the one in view."""
    found = _acting(app, row, on)
    if found is None:
        return
    from perftui.actions.hide_index import HideIndex

    connection, state = found
    hides = not row.index.hidden
    action = HideIndex(connection, state.target, row.ns, row.index.name, hidden=hides)
    start_action(app, action, "Hide it" if hides else "Show it", read_only=state.read_only)


def open_drop(app: "PerftuiApp", row: Any, on: TargetState | None = None) -> None:
    """Ask to drop the index; while it is being built, to abort the build."""
    found = _acting(app, row, on)
    if found is None:
        return
    connection, state = found
    if row.index.building:
        start_abort(app, connection, state, row.ns, row.index.name)
        return
    from perftui.actions.drop_index import DropIndex

    action = DropIndex(connection, state.target, row.ns, row.index.name)
    start_action(app, action, "Drop it", read_only=state.read_only)


def start_abort(app: "PerftuiApp", connection: Connection, state: TargetState, ns: str, name: str) -> None:
    """Ask to abort the build that makes this index; the check finds out which others it makes, and all are named."""
    from perftui.actions.abort_build import AbortBuild

    action = AbortBuild(connection, state.target, ns, name)
    start_action(app, action, "Abort it", read_only=state.read_only)


def _acting(app: "PerftuiApp", row: Any, on: TargetState | None) -> tuple[Connection, TargetState] | None:
    """Where to act; says why nothing may be changed."""
    if not isinstance(row, IndexRow):
        app.say(_NO_INDEX)
        return None
    return acting_through(app, on or server_in_view(app))
