"""Creates what was advised: one index or several together, or says what a dry run would do."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from perftui.model.analysis import Recommendation
from perftui.model.query import DigestRow
from perftui.model.snapshot import TargetState
from perftui.tui.ask import asking_refused, open_advice, server_in_view
from perftui.tui.dialogs.flow import acting_through, find_connection, start_action
from perftui.tui.proofs import renew_proofs, shapes_before

if TYPE_CHECKING:
    from perftui.actions.base import Action, Outcome
    from perftui.tui.app import PerftuiApp

_NONE = "No index is advised here, so there is none to create."


def create_for(app: "PerftuiApp", row: Any, on: TargetState | None = None) -> None:
    """Create what is advised for a row. Where nobody has asked for advice yet, that comes first."""
    found = acting_through(app, on or server_in_view(app))
    if found is None:
        return
    state = found[1]
    if not isinstance(row, DigestRow) or app.advice.find(state.target.id, row.ns) is None:
        open_advice(app, row, state, then_create=True)
        return
    serving = app.advice.serving(state.target.id, row.ns, row.shape_id)
    if serving:
        open_create(app, state, serving[:1])
    else:
        app.say(app.advice.why_none(state.target.id, row.ns, row.shape_id) or _NONE)


def open_create(
    app: "PerftuiApp",
    state: TargetState,
    wanted: Sequence[Recommendation],
    created: Callable[[Sequence[Recommendation]], None] | None = None,
) -> None:
    """Check, then ask to create all of these; K in the dialog asks to abort the build. `created` is told at the end."""
    if not wanted:
        app.say(_NONE)
        return
    found = acting_through(app, state)
    if found is None:
        return
    action = _action(app, state, wanted)
    if action is None:
        return

    def after(outcome: "Outcome") -> None:
        if outcome.state == "done" and created is not None:
            created(wanted)
        if outcome.state in {"done", "unverified"}:
            for one in wanted:
                app.advice.forget(state.target.id, one.ns)
            app.feed.refresh()
            renew_proofs(app)

    def abort(running: "Action") -> None:
        abort_running(app, state, running)

    verb = "Create it" if len(wanted) == 1 else f"Create {len(wanted)}"
    start_action(
        app, action, verb, read_only=state.read_only, abort=abort, after=after, way_out=lambda: _with_quorum(action)
    )


def _with_quorum(action: Any) -> Any:
    """The same with a commit quorum that a voting member that is down does not hold up; `None`: none is down."""
    return action.choose("majority") if "majority" in action.describe().choices else None


def abort_running(app: "PerftuiApp", state: TargetState, running: "Action") -> None:
    """Ask to abort the build of this action: others may be under way, too."""
    from perftui.actions.base import AbortableAction

    action = running.abort_action() if isinstance(running, AbortableAction) else None
    if action is None:
        app.say("Its build is not under way, so there is none to abort.")
    else:
        start_action(app, action, "Abort it", read_only=state.read_only)


def open_dry_run(app: "PerftuiApp", state: TargetState, wanted: Sequence[Recommendation]) -> None:
    """Check, and show what would be done; changes nothing, so read-only mode may too."""
    reason = _NONE if not wanted else asking_refused(app, state)
    if reason is not None:
        app.say(reason)
        return
    action = _action(app, state, wanted)
    if action is not None:
        from perftui.tui.dialogs.dry_run import start_dry_run

        start_dry_run(app, action)


def _action(app: "PerftuiApp", state: TargetState, wanted: Sequence[Recommendation]) -> Any:
    """`CreateIndexes` for these; says what is wrong with options that cannot be used."""
    from perftui.actions.create_index import CreateIndexes
    from perftui.actions.index_spec import IndexSpec

    connection = find_connection(app.settings, state.target)
    if connection is None:
        app.say(f"There is no connection to {state.target.name} to act through.", "warning")
        return None
    specs = [IndexSpec.of(one) for one in wanted]
    try:
        return CreateIndexes(
            connection, state.target, [replace(spec, shapes=shapes_before(app, spec.shapes)) for spec in specs]
        )
    except ValueError as error:
        app.say(f"These cannot be created together: {error}.", "warning")
        return None
