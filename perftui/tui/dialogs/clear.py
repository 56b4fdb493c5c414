"""Clear what was counted: an application's metrics, or a Redis' slow log and statistics."""

from typing import TYPE_CHECKING

from perftui.model.snapshot import TargetState
from perftui.tui.dialogs.flow import find_connection, refuse, start_action

if TYPE_CHECKING:
    from perftui.actions.base import Action
    from perftui.model.target import Connection
    from perftui.tui.app import PerftuiApp


def open_clear(app: "PerftuiApp", state: TargetState) -> None:
    """Ask which of the target's figures to clear; says why not where it cannot be."""
    view = app.view
    if view is None:
        return
    connection = find_connection(view.settings, state.target)
    reason = _not_clearable(state) or refuse(app, view, state)
    if reason is not None or connection is None:
        app.say(reason or "There is no connection to act through.", "warning")
        return
    read_only = view.settings.read_only or state.read_only
    start_action(app, _action(connection, state), "Clear it", read_only=read_only)


def _not_clearable(state: TargetState) -> str | None:
    if state.target.kind == "redis":
        return None
    if state.target.kind != "application":
        return "Only the metrics of an application and of Redis can be cleared: select one of them."
    if state.application is None:
        return f"{state.target.name} has not answered yet: there is nothing to clear."
    if state.application.format == "openmetrics":
        return "These are Prometheus counters: they only grow, and only a restart of the application clears them."
    return None


def _action(connection: "Connection", state: TargetState) -> "Action":
    if state.application is not None:
        from perftui.actions.clear_application_metrics import ClearApplicationMetrics

        return ClearApplicationMetrics(connection, state.application)
    from perftui.actions.clear_redis import ClearRedis

    return ClearRedis(connection, role=state.redis.replication.role if state.redis is not None else None)
