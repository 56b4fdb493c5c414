"""The time axis as data: which rows, one value a column, which events. Pure: a View in, columns out."""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from perftui.model.event import Event, Severity
from perftui.model.settings import Thresholds
from perftui.model.target import Target, TargetKind
from perftui.monitor.metrics import METRICS, Metric, Unit
from perftui.tui.formatting import duration, milliseconds, number, rate, share, size, size_rate
from perftui.tui.reach import reach_of
from perftui.tui.tables.grades import too_high, too_low
from perftui.tui.view import State, View

Value = float | None

_ROWS: tuple[tuple[TargetKind, tuple[str, ...], tuple[str, ...]], ...] = (
    (
        "application",
        ("application.requests_per_s", "application.p95_ms", "application.server_error_rate"),
        ("application.client_error_rate", "application.cache_hit_rate"),
    ),
    (
        "mongodb",
        ("mongodb.ops_per_s", "mongodb.slow_per_s", "mongodb.queued"),
        ("mongodb.read_ms", "mongodb.write_ms", "mongodb.examined_per_s", "mongodb.cache_share", "mongodb.connections"),
    ),
    ("redis", ("redis.ops_per_s", "redis.hit_rate"), ("redis.used_bytes", "redis.evicted_per_s")),
    ("host", ("host.cpu_share",), ("host.memory_share", "host.disk_bytes_per_s", "host.network_bytes_per_s")),
)
"""For each kind of target the rows that are always there, and those for which a tall screen has room."""

_SHOWS: dict[Unit, Callable[[Value], str]] = {
    "per_s": lambda value: f"{rate(value)}/s" if value is not None else rate(value),
    "share": share,
    "ms": milliseconds,
    "s": duration,
    "bytes": size,
    "bytes_per_s": size_rate,
    "count": number,
    "load": number,
}
_WORST_IS_LOWEST = frozenset({"redis.hit_rate", "application.cache_hit_rate"})
_SEVERITIES: tuple[Severity, ...] = ("info", "recovered", "warning", "critical")
_BLOCKS = " ▁▂▃▄▅▆▇█"
_MARKS: dict[Severity, str] = {"info": "·", "recovered": "+", "warning": "^", "critical": "!"}


@dataclass(frozen=True, slots=True)
class Row:
    """One metric of one target over the columns of the screen."""

    target: Target
    metric: Metric
    columns: tuple[Value, ...]
    is_main: bool = True

    @property
    def top(self) -> float:
        """Where the strip is full: a share's whole, else the largest value in sight."""
        largest = max((value for value in self.columns if value is not None), default=0.0)
        if self.metric.unit == "share":
            return 1.0 if not self.metric.name.endswith("error_rate") else max(largest, 0.05)
        return largest or 1.0

    def show(self, value: Value) -> str:
        return _SHOWS[self.metric.unit](value)


@dataclass(frozen=True, slots=True)
class Axis:
    """When each column ends; unknown ones are in front of the first Snapshot."""

    times: tuple[Value, ...]

    def column_at(self, at: float) -> int:
        """The column that holds a moment; the nearest where the axis does not reach."""
        known = [(index, time) for index, time in enumerate(self.times) if time is not None]
        if not known:
            return max(len(self.times) - 1, 0)
        place = bisect_left([time for _, time in known], at)
        return known[min(place, len(known) - 1)][0]

    @property
    def span(self) -> tuple[float, float] | None:
        known = [time for time in self.times if time is not None]
        return (known[0], known[-1]) if known else None


def make_axis(view: View, window_s: float, width: int) -> Axis:
    times = view.history.times(reach_of(view, window_s).ticks, until=view.snapshot.sequence)
    return Axis(tuple(fold(times, width, max)))


def make_rows(view: View, window_s: float, width: int, *, room: int) -> list[Row]:
    """The rows of every target; those of the second choice only where all have room and something to show."""
    names = [
        (state.target, name, name in always)
        for kind, always, extra in _ROWS
        for state in view.targets(kind)
        for name in always + extra
    ]
    if len(names) > room:
        names = [one for one in names if one[2]]
    ticks = reach_of(view, window_s).ticks
    rows = []
    for target, name, is_main in names:
        values = view.history.values(target.id, name, ticks, until=view.snapshot.sequence)
        if is_main or any(value is not None for value in values):
            worst = min if name in _WORST_IS_LOWEST else max
            rows.append(Row(target, METRICS[name], tuple(fold(values, width, worst)), is_main))
    return rows


def heights(rows: Sequence[Row], room: int) -> tuple[int, int]:
    """Lines for each main row and for each other one: the main ones grow first."""
    main = sum(row.is_main for row in rows)
    others = len(rows) - main
    for tall, low in ((3, 2), (3, 1), (2, 1)):
        if main * tall + others * low <= room:
            return tall, low
    return 1, 1


def fold(values: Sequence[Value], width: int, worst: Callable[[list[float]], float]) -> list[Value]:
    """As many values as columns: the worst of those that share one, so that no spike is lost."""
    length = len(values)
    if length <= width:
        return [values[column * length // width] for column in range(width)]
    folded: list[Value] = []
    for column in range(width):
        part = values[column * length // width : (column + 1) * length // width]
        known = [value for value in part if value is not None]
        folded.append(worst(known) if known else None)
    return folded


def grade(row: Row, value: Value, limits: Thresholds) -> State:
    """The state of a value by the user's thresholds, for the metrics that have one."""
    name = row.metric.name
    if name in _WORST_IS_LOWEST:
        return too_low(value, limits.hit_rate, limits.hit_rate + 0.05)
    bounds = {
        "application.p95_ms": limits.endpoint_p95_ms,
        "application.server_error_rate": limits.error_rate,
        "application.client_error_rate": None,
        "mongodb.queued": float(limits.queued_operations),
        "mongodb.read_ms": limits.slow_ms,
        "mongodb.write_ms": limits.slow_ms,
        "host.cpu_share": limits.cpu_share,
        "host.memory_share": limits.memory_share,
    }
    limit = bounds.get(name)
    return "normal" if limit is None else too_high(value, limit)


def event_marks(events: Sequence[Event], axis: Axis) -> dict[int, Severity]:
    """The gravest severity of each column that has events."""
    span = axis.span
    marks: dict[int, Severity] = {}
    for event in events:
        if span is not None and span[0] <= event.at <= span[1]:
            column = axis.column_at(event.at)
            marks[column] = max(marks.get(column, "info"), event.severity, key=_SEVERITIES.index)
    return marks


def mark(severity: Severity) -> str:
    return _MARKS[severity]


def events_near(events: Sequence[Event], at: float, within_s: float, most: int) -> list[Event]:
    """The events around a moment, in the order of time; the nearest where there are too many."""
    near = sorted((event for event in events if abs(event.at - at) <= within_s), key=lambda event: abs(event.at - at))
    return sorted(near[:most], key=lambda event: event.at)


def next_event(events: Sequence[Event], at: float, step: int) -> Event | None:
    """The event after (`step` 1) or before (-1) a moment."""
    beyond = [event for event in events if (event.at - at) * step > 0.5]
    return min(beyond, key=lambda event: abs(event.at - at), default=None)


def strip_text(columns: tuple[float | None, ...], top: float, level: int, tall: int) -> str:
    """One of the `tall` lines of a strip, the lowest is level 0; a gap is blank, a zero is a thin line.

    The last eighth stays free, so that strips do not run into each other.
    """
    return "".join(_cell(value, top, level, tall) for value in columns)


def _cell(value: float | None, top: float, level: int, tall: int) -> str:
    if value is None:
        return " "
    eighths = round(min(max(value / top, 0.0), 1.0) * (tall * 8 - 1)) - level * 8
    return _BLOCKS[min(max(eighths, 1 if level == 0 else 0), 8)]
