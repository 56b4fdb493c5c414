"""What all details share: history for a thing, times, latency figures."""

from collections.abc import Sequence

from perftui.model.metrics import BudgetDocument
from perftui.model.query import LatencySummary
from perftui.tui.formatting import UNKNOWN, age, clock, duration, milliseconds, number, rate, timestamp
from perftui.tui.reach import Reach, reach_of
from perftui.tui.screens.document import Fact, Rows, Spark, Sparks
from perftui.tui.tables.budgets import limit_lines
from perftui.tui.view import View

_MOST_POINTS = 900

History = tuple[float | None, ...]


def reach(view: View) -> Reach:
    """Of the window as much as a page has room for."""
    return reach_of(view, view.snapshot.window_s, _MOST_POINTS)


def lately(title: str, view: View) -> str:
    """The heading of a history, with the span that it covers."""
    return f"{title}, LAST {duration(reach(view).axis_s)}"


def history(view: View, target_id: str, metric: str, subject: str | None = None) -> History:
    """The window's values up to the Snapshot in view."""
    ticks, until = reach(view).ticks, view.snapshot.sequence
    return tuple(view.history.values(target_id, metric, ticks, subject=subject, until=until))


def history_times(view: View) -> History:
    return tuple(view.history.times(reach(view).ticks, until=view.snapshot.sequence))


def when(at: float | None, view: View) -> str:
    """A time with how long ago it was; the date only where it is needed."""
    if at is None:
        return UNKNOWN
    elapsed = view.snapshot.taken_at - at
    said = clock(at, view.utc) if abs(elapsed) < 43_200 else timestamp(at, view.utc)
    return f"{said}, {age(elapsed)} ago"


def number_and_rate(count: float | None, per_s: float | None) -> str:
    """What is known of the two: `123, 41/s`."""
    known = [number(count)] if count is not None else []
    known += [f"{rate(per_s)}/s"] if per_s is not None else []
    return ", ".join(known) or UNKNOWN


def latency_facts(latency: LatencySummary) -> tuple[Fact, ...]:
    return (
        Fact("p50", milliseconds(latency.p50)),
        Fact("p95", milliseconds(latency.p95)),
        Fact("p99", milliseconds(latency.p99)),
        Fact("average", milliseconds(latency.average)),
        Fact("slowest", milliseconds(latency.maximum)),
    )


def budgets_block(limits: Sequence[BudgetDocument], view: View) -> Rows:
    """Each limit, the nearest first; empty where there is none."""
    return Rows(tuple(limit_lines(limits, view)), "BUDGETS")


def shape_history(view: View, target_id: str, shape_id: str | None) -> Sparks:
    """A shape's p95 and executions over the window."""
    if shape_id is None:
        return Sparks(())
    return Sparks(
        (
            Spark("p95", history(view, target_id, "shape.p95_ms", shape_id), milliseconds),
            Spark("executions", history(view, target_id, "shape.per_s", shape_id), lambda value: f"{rate(value)}/s"),
        ),
        lately("HISTORY OF THIS SHAPE", view),
    )
