"""The profiler of one database, for a bounded time: asked for in a form, confirmed, put back by itself."""

from typing import TYPE_CHECKING, Any

from perftui.model.index import CollectionState
from perftui.model.snapshot import TargetState
from perftui.model.target import Connection
from perftui.tui.dialogs.asking import may_ask
from perftui.tui.dialogs.flow import acting_through, start_action
from perftui.tui.dialogs.profiling_form import Choice, ProfilingForm
from perftui.tui.proofs import renew_proofs

if TYPE_CHECKING:
    from perftui.actions.base import Action, Outcome
    from perftui.actions.set_profiling import SetProfiling
    from perftui.tui.app import PerftuiApp
    from perftui.tui.dialogs.confirm import Confirmed

_ENTRIES_PER_S = 100.0
"""A profile of 1 MB holds about 800 entries, and is read every second."""


def open_profiling(app: "PerftuiApp", row: Any) -> None:
    """Ask how to profile the database of the row under the cursor, on the member in view; a collection at once."""
    found = acting_through(app, app.view.target("mongodb") if app.view is not None else None)
    if found is None:
        return
    connection, state = found
    if isinstance(row, CollectionState) and row.kind == "collection":
        _ask(app, connection, state, row.ns.partition(".")[0], only_of(row))
        return
    database = database_of(row, state)
    if database is None:
        app.say("No database is known to profile: put the cursor on a row that names one.")
        return
    if not may_ask(app):  # another question would come over the form, and what was chosen be refused
        return
    app.push_screen(
        ProfilingForm(database, state.target.name, lambda choice: _ask(app, connection, state, database, choice))
    )


def database_of(row: Any, state: TargetState) -> str | None:
    """The row's database, else the first one whose slow queries are read, else that of the first collection."""
    ns = getattr(row, "ns", "") or ""
    if ns.partition(".")[0]:
        return str(ns.partition(".")[0])
    if state.queries is not None and state.queries.databases:
        return state.queries.databases[0]
    collections = state.indexes.collections if state.indexes is not None else ()
    return collections[0].ns.partition(".")[0] if collections else None


def only_of(row: CollectionState) -> Choice:
    """Every operation on this collection, however fast, for a minute; of very many a share."""
    per_s = (row.reads_per_s or 0.0) + (row.writes_per_s or 0.0)
    return Choice(ns=row.ns, sample_rate=min(1.0, round(_ENTRIES_PER_S / per_s, 3)) if per_s else 1.0)


def _ask(app: "PerftuiApp", connection: Connection, state: TargetState, database: str, choice: Choice) -> None:
    from perftui.actions.journal import default_journal
    from perftui.actions.profiling_settings import ProfilingSettings, namespace_filter
    from perftui.actions.set_profiling import SetProfiling

    settings = (
        ProfilingSettings(level=1, filter=namespace_filter([choice.ns], choice.sample_rate))
        if choice.ns is not None
        else ProfilingSettings(level=choice.level, slow_ms=choice.slow_ms, sample_rate=choice.sample_rate)
        if choice.level
        else ProfilingSettings(level=0)
    )
    role = state.mongodb.role if state.mongodb is not None else None
    try:
        action = SetProfiling(connection, state.target, database, settings, seconds=choice.seconds, role=role)
    except ValueError as error:
        app.say(f"It cannot be set: {error}.", "warning")
        return
    read_only = app.settings.read_only or state.read_only

    async def run(_chosen: "Action", confirmed: "Confirmed") -> "Outcome":
        from perftui.actions.profiling_window import ProfilingWindow

        window = ProfilingWindow(
            action,
            confirmed.command,
            journal=default_journal(),
            read_only=read_only,
            tell_failure=lambda failed: _tell_failure(app, action, failed),
        )
        outcome = await window.open()
        app.feed.refresh()
        if not window.closed.is_set() and choice.seconds is not None:
            app.windows.append(window)
            app.run_worker(_tell_end(app, action, window), group="actions", exit_on_error=False)
        return outcome

    start_action(app, action, "Set it", read_only=read_only, run=run)


def _tell_failure(app: "PerftuiApp", action: "SetProfiling", failed: "Outcome") -> None:
    """Once: it goes on being tried, and its end is told in any case."""
    from perftui.actions.base import Outcome
    from perftui.tui.dialogs.flow import tell_outcome

    words = f"The profiling of {action.database} could not be put back and is tried again: {failed.message}"
    tell_outcome(app, action, Outcome(state="failed", message=words))
    app.say(words, "warning")


async def _tell_end(app: "PerftuiApp", action: "SetProfiling", window: Any) -> None:
    """Say and keep among the events how the old settings came back."""
    from perftui.tui.dialogs.flow import tell_outcome

    await window.closed.wait()
    app.windows.remove(window)
    if window.restored is not None:
        tell_outcome(app, action, window.restored)
        renew_proofs(app)
        app.say(window.restored.message, "normal" if window.restored.state == "done" else "warning")
