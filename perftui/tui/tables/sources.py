"""Sources: how each reader of each target fares and what it costs."""

from collections.abc import Sequence
from typing import NamedTuple

from perftui.model.snapshot import SourceState
from perftui.model.target import Target
from perftui.tui.formatting import duration, milliseconds, rate, size
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.absence import explain_source
from perftui.tui.tables.grades import ago, plain, words
from perftui.tui.view import State, View


class SourceRow(NamedTuple):
    target: Target
    state: SourceState


def rows(view: View) -> Sequence[SourceRow]:
    return [SourceRow(target.target, state) for target in view.snapshot.targets for state in target.sources]


def word(row: SourceRow) -> str:
    """failing, no rights, late, stale, waiting or ok."""
    state = row.state
    if state.failure is not None:
        return "no rights" if state.failure.kind == "rights" else "failing"
    if state.waiting:
        return "late"
    if state.stale:
        return "stale"
    return "waiting" if state.read_at is None else "ok"


def grade(row: SourceRow, _view: View) -> State:
    states: dict[str, State] = {"failing": "over", "ok": "good", "waiting": "dim"}
    return states.get(word(row), "warning")


def trouble(row: SourceRow) -> str:
    """What is wrong and what would help, else what is worth knowing."""
    return explain_source(row.state) or " ".join(row.state.notes)


def _since(row: SourceRow, view: View) -> str:
    return ago(row.state.failing_since or row.state.read_at, view)


SOURCES: TableSpec[SourceRow] = TableSpec(
    name="sources",
    columns=(
        words("target", "TARGET", 14, lambda row: row.target.name),
        words("source", "SOURCE", 18, lambda row: row.state.source),
        words("state", "STATE", 9, word, state=grade),
        Column(
            "since",
            "SINCE",
            5,
            text=_since,
            sort=lambda row: row.state.failing_since or row.state.read_at,
            priority=2,
        ),
        plain("interval", "EVERY", 6, lambda row: row.state.interval_s, duration, 3),
        plain("latency", "LATENCY", 7, lambda row: row.state.latency_ms, milliseconds, 4),
        plain("cost", "COST ms/s", 9, lambda row: row.state.cost_ms_per_s, rate, 1),
        plain("bytes", "BYTES/s", 7, lambda row: row.state.received_bytes_per_s, size, 5),
        words("says", "SAYS", 20, trouble, flexible=True),
    ),
    rows=rows,
    key=lambda row: (row.target.id, row.state.source),
    default_sort="target",
    descending=False,
    full_text=lambda row, _view: trouble(row) or "Reads well.",
    empty=lambda _view: "Nothing is monitored yet.",
)
