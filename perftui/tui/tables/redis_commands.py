"""Redis commands: how often each is called and how much of the server's time it takes."""

from collections.abc import Sequence

from perftui.model.redis import CommandStats
from perftui.tui.formatting import microseconds, number, rate, share
from perftui.tui.table_spec import TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import graded, plain, words
from perftui.tui.view import State, View

ONE_THREAD_IS_BUSY = 0.5


def rows(view: View) -> Sequence[CommandStats]:
    target = view.target("redis")
    return () if target is None or target.redis is None else target.redis.commands


def time_share(command: CommandStats) -> float | None:
    """Share of the one thread that runs commands."""
    if command.calls_per_s is None or command.average_us is None:
        return None
    return command.calls_per_s * command.average_us / 1e6


def grade_time(command: CommandStats, _view: View) -> State:
    """A command that takes half of the thread leaves little to the others."""
    taken = time_share(command) or 0.0
    if taken >= ONE_THREAD_IS_BUSY:
        return "over"
    return "warning" if taken >= ONE_THREAD_IS_BUSY / 2 else "normal"


def _grade_failed(value: float | None) -> State:
    return "warning" if value else "normal"


def _empty(view: View) -> str:
    return explain_absence(view, "redis", "redis.server", "No command was called yet, or this server keeps no figures.")


REDIS_COMMANDS: TableSpec[CommandStats] = TableSpec(
    name="redis commands",
    columns=(
        words("command", "COMMAND", 16, lambda row: row.command, flexible=True),
        plain("per_s", "CALLS/s", 8, lambda row: row.calls_per_s, rate),
        graded("time", "TIME", 7, time_share, share, grade_time),
        plain("average", "AVERAGE", 8, lambda row: row.average_us, microseconds),
        plain("p50", "P50", 7, lambda row: row.p50_us, microseconds, 4),
        plain("p99", "P99", 7, lambda row: row.p99_us, microseconds, 1),
        plain("p999", "P99.9", 7, lambda row: row.p999_us, microseconds, 5),
        graded(
            "failed",
            "FAILED/s",
            9,
            lambda row: row.failed_per_s,
            rate,
            lambda row, _view: _grade_failed(row.failed_per_s),
            2,
        ),
        graded(
            "rejected",
            "REJECTED/s",
            11,
            lambda row: row.rejected_per_s,
            rate,
            lambda row, _view: _grade_failed(row.rejected_per_s),
            6,
        ),
        plain("calls", "CALLS", 8, lambda row: row.calls, number, 3),
    ),
    rows=rows,
    filled_by=("redis", "redis"),
    key=lambda row: row.command,
    default_sort="time",
    empty=_empty,
)
