"""Redis slow log, newest first."""

from collections.abc import Sequence

from perftui.model.redis import RedisSlowCommand
from perftui.tui.formatting import clock, microseconds
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import ago, graded, too_high, words
from perftui.tui.view import State, View


def rows(view: View) -> Sequence[RedisSlowCommand]:
    target = view.target("redis")
    return () if target is None or target.redis_slow_log is None else target.redis_slow_log.entries


def grade_duration(entry: RedisSlowCommand, view: View) -> State:
    return too_high(entry.duration_us / 1000, view.thresholds.slow_ms, view.thresholds.slow_warning_ms)


def _empty(view: View) -> str:
    target = view.target("redis")
    log = target.redis_slow_log if target is not None else None
    threshold = log.threshold_us if log is not None else None
    if threshold is not None and threshold < 0:
        otherwise = "The slow log is off: CONFIG SET slowlog-log-slower-than 10000 turns it on."
    elif threshold is not None:
        otherwise = f"Nothing slow yet: no command took {microseconds(threshold)} or more."
    else:
        otherwise = "Nothing slow yet: the slow log is empty."
    return explain_absence(view, "redis", "redis.slow_log", otherwise)


REDIS_SLOW: TableSpec[RedisSlowCommand] = TableSpec(
    name="redis slow log",
    columns=(
        Column("time", "TIME", 9, text=lambda row, view: clock(row.at, view.utc), sort=lambda row: row.at, priority=1),
        Column(
            "age",
            "AGE",
            5,
            text=lambda row, view: ago(row.at, view),
            sort=lambda row: row.at,
        ),
        graded("duration", "DURATION", 9, lambda row: row.duration_us, microseconds, grade_duration),
        words("command", "COMMAND", 24, lambda row: row.command, flexible=True),
        words("client", "CLIENT", 21, lambda row: row.client_name or row.client, 2),
    ),
    rows=rows,
    filled_by=("redis", "redis_slow_log"),
    key=lambda row: (row.id, row.at),
    default_sort="time",
    full_text=lambda row, _view: row.command,
    empty=_empty,
)
