"""Whether what a table shows is still true: what is old is dimmed and says how old it is."""

from typing import Any

from perftui.tui.formatting import age
from perftui.tui.lines import Line
from perftui.tui.table_spec import TableSpec
from perftui.tui.view import View


def old_by(spec: TableSpec[Any], view: View) -> float | None:
    """Seconds since the rows were read where their source fails or is late; `None`: they are fresh, or none were."""
    if spec.filled_by is None:
        return None
    kind, slot = spec.filled_by
    target = view.target(kind)
    source = None if target is None else target.source_of(slot)
    if source is None or source.read_at is None or not source.is_silent:
        return None
    return max(view.snapshot.taken_at - source.read_at, 0.0)


def say_old(spec: TableSpec[Any], view: View) -> str:
    """`read 10m ago`; empty for what is fresh."""
    seconds = old_by(spec, view)
    return "" if seconds is None else f"read {age(seconds)} ago"


def dimmed(line: Line) -> Line:
    """The same text without the colours of a live one."""
    return line._replace(pieces=tuple((text, "dim") for text, _ in line.pieces))
