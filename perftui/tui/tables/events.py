"""Events: what happened, newest first."""

from collections.abc import Sequence

from perftui.model.event import Event, Severity
from perftui.tui.formatting import clock
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.grades import ago
from perftui.tui.view import State, View

SEVERITY_STATES: dict[Severity, State] = {
    "info": "normal",
    "warning": "warning",
    "critical": "over",
    "recovered": "good",
}
_SEVERITY_ORDER: tuple[Severity, ...] = ("info", "recovered", "warning", "critical")


def rows(view: View) -> Sequence[Event]:
    return view.snapshot.events


def target_name(target_id: str, view: View) -> str:
    """The target's short name; its id once it is gone."""
    for state in view.snapshot.targets:
        if state.target.id == target_id:
            return state.target.name
    return target_id


def sentence(event: Event, view: View) -> str:
    """What happened and where, the target named once."""
    name = target_name(event.target_id, view)
    return event.message if event.message.startswith(name) else f"{name}: {event.message}"


def what_happened(event: Event, view: View) -> str:
    """The sentence without the target's name, which has its own column."""
    return event.message.removeprefix(f"{target_name(event.target_id, view)}: ")


def grade(event: Event, _view: View) -> State:
    return SEVERITY_STATES[event.severity]


EVENTS: TableSpec[Event] = TableSpec(
    name="events",
    columns=(
        Column("time", "TIME", 9, text=lambda row, view: clock(row.at, view.utc), sort=lambda row: row.at),
        Column(
            "age",
            "AGE",
            5,
            text=lambda row, view: ago(row.at, view),
            sort=lambda row: row.at,
            priority=2,
        ),
        Column(
            "severity",
            "SEVERITY",
            9,
            text=lambda row, _view: row.severity,
            sort=lambda row: _SEVERITY_ORDER.index(row.severity),
            state=grade,
            align="left",
        ),
        Column(
            "target",
            "TARGET",
            16,
            text=lambda row, view: target_name(row.target_id, view),
            sort=lambda row: row.target_id,
            align="left",
            priority=1,
        ),
        Column("message", "WHAT HAPPENED", 36, text=what_happened, align="left", flexible=True),
    ),
    rows=rows,
    key=lambda row: (row.at, row.target_id, row.kind, row.subject),
    default_sort="time",
    full_text=lambda row, _view: row.message,
    empty=lambda _view: "Nothing has happened yet: no source was lost, no role changed, no threshold was crossed.",
)
