"""`T`: every source stacked under one cursor on one time axis, with the events on it."""

from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult

from perftui.model.event import Event, Severity
from perftui.tui.formatting import age, clock, duration
from perftui.tui.keyed import KeyedScreen
from perftui.tui.keys import Context
from perftui.tui.lines import Line, Piece, cells, fill, fit, spread, width_of
from perftui.tui.reach import reach_of
from perftui.tui.screens import timeline_model as model
from perftui.tui.tables.events import SEVERITY_STATES, sentence
from perftui.tui.view import View
from perftui.tui.widgets.line_widget import LineWidget

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

WINDOWS_S = (30.0, 60.0, 120.0, 300.0, 900.0, 1800.0, 3600.0)
_LABEL, _VALUE = 21, 11
_FOOT = 6
"""Lines below the strips: the marks, the times, three events, the keys."""


def open_timeline(app: "PerftuiApp") -> None:
    """Put the time axis over the screen."""
    app.push_screen(TimelineScreen(app.window_s))


class TimelineLines(LineWidget):
    DEFAULT_CSS = "TimelineLines { height: 1fr; }"


class TimelineScreen(KeyedScreen):
    """The cursor stands on a moment, so that it stays on it while time goes on; at the end it follows."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("timeline", "app")
    TITLE_FOR_HELP = "All sources on one time axis"

    def __init__(self, window_s: float) -> None:
        super().__init__()
        self.window_s = window_s
        self.cursor_at: float | None = None
        self.top = 0
        self.rows: list[model.Row] = []
        self.axis = model.Axis(())
        self._view: View | None = None
        self._said: Piece | None = None
        self._lines = TimelineLines()

    def compose(self) -> ComposeResult:
        yield self._lines

    def show_view(self, view: View) -> None:
        self._view = view
        self.paint()

    def say(self, text: str, state: str = "normal") -> bool:
        self._said = (text, state)
        self.paint()
        return True

    async def on_key(self, event: events.Key) -> None:
        self._said = None
        await super().on_key(event)

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self.paint)

    def on_click(self, event: events.Click) -> None:
        column = event.x - _LABEL
        if 0 <= column < self.strip_width:
            self._stand_on(column)

    @property
    def strip_width(self) -> int:
        return max(self.size.width - _LABEL - _VALUE, 10)

    @property
    def column(self) -> int:
        """Where the cursor stands now."""
        last = max(len(self.axis.times) - 1, 0)
        return last if self.cursor_at is None else self.axis.column_at(self.cursor_at)

    def action_cursor_left(self) -> None:
        self._stand_on(self.column - 1)

    def action_cursor_right(self) -> None:
        self._stand_on(self.column + 1)

    def action_cursor_far_left(self) -> None:
        self._stand_on(self.column - self.strip_width // 10)

    def action_cursor_far_right(self) -> None:
        self._stand_on(self.column + self.strip_width // 10)

    def action_cursor_first(self) -> None:
        self._stand_on(0)

    def action_cursor_now(self) -> None:
        self.cursor_at = None
        self.paint()

    def action_rows_down(self) -> None:
        self.top += 1
        self.paint()

    def action_rows_up(self) -> None:
        self.top -= 1
        self.paint()

    def action_next_event(self) -> None:
        self._go_to_event(1)

    def action_previous_event(self) -> None:
        self._go_to_event(-1)

    def action_zoom_in(self) -> None:
        self._zoom(next((step for step in reversed(WINDOWS_S) if step < self.window_s), WINDOWS_S[0]))

    def action_zoom_out(self) -> None:
        self._zoom(next((step for step in WINDOWS_S if step > self.window_s), WINDOWS_S[-1]))

    def action_window(self) -> None:
        self._zoom(next((step for step in (60.0, 300.0, 900.0, 3600.0) if step > self.window_s), 60.0))

    def _zoom(self, window_s: float) -> None:
        self.window_s = window_s
        self.paint()

    def _stand_on(self, column: int) -> None:
        last = len(self.axis.times) - 1
        first = next((index for index, at in enumerate(self.axis.times) if at is not None), last)
        column = max(column, first)
        self.cursor_at = None if column >= last else self.axis.times[column]
        self.paint()

    def _go_to_event(self, step: int) -> None:
        span = self.axis.span
        at = self.cursor_at if self.cursor_at is not None or span is None else span[1]
        found = model.next_event(self._events(), at, step) if at is not None else None
        if found is None or span is None:
            self.say("There is no later event." if step > 0 else "There is no earlier event.")
            return
        while found.at < span[0] and self.window_s < WINDOWS_S[-1]:
            self.window_s = next(window for window in WINDOWS_S if window > self.window_s)
            span = (span[1] - self.window_s, span[1])
        self.cursor_at = found.at
        self.paint()

    def _events(self) -> tuple[Event, ...]:
        return self._view.snapshot.events if self._view is not None else ()

    def paint(self) -> None:
        """Lay everything out for the View and the size at hand."""
        width, height = self.size
        view = self._view
        if view is None or not width or not self.is_mounted:
            return
        room = max(height - 1 - _FOOT, 1)
        targets = len(view.snapshot.targets)
        self.axis = model.make_axis(view, self.window_s, self.strip_width)
        self.rows = model.make_rows(view, self.window_s, self.strip_width, room=room - targets)
        body = self._body(view, room)
        self.top = min(max(self.top, 0), max(len(body) - room, 0))
        shown = body[self.top : self.top + room]
        shown += [Line()] * (room - len(shown))
        self._lines.set_lines([self._title(view, width), *shown, *self._foot(view, width)])

    def _title(self, view: View, width: int) -> Line:
        at = self.axis.times[self.column] if self.axis.times else None
        ago = f", {age(view.snapshot.taken_at - at)} ago" if at is not None and self.cursor_at is not None else ", now"
        span = duration(reach_of(view, self.window_s).axis_s)
        left: list[Piece] = [(" All sources  ", "heading"), (f"last {span}", "normal")]
        right: list[Piece] = [(f"{clock(at, view.utc)}{ago if at is not None else ''} ", "value")]
        if not view.live:
            right.insert(0, ("past  ", "warning"))
        return Line(tuple(spread(left, right, width)), "header")

    def _body(self, view: View, room: int) -> list[Line]:
        targets = len({row.target.id for row in self.rows})
        tall, low = model.heights(self.rows, room - targets)
        lines: list[Line] = []
        before: str | None = None
        for row in self.rows:
            if row.target.id != before:
                before = row.target.id
                lines.append(self._target_title(row, view))
            lines += self._strip(row, view, tall if row.is_main else low)
        return lines

    def _target_title(self, row: model.Row, view: View) -> Line:
        state = next((one for one in view.snapshot.targets if one.target.id == row.target.id), None)
        role = (
            f" {state.mongodb.role}" if state is not None and state.mongodb is not None and state.mongodb.role else ""
        )
        text = f" {row.target.name}"
        name = fit(text, min(cells(text), self.size.width - 24))
        rest: list[Piece] = [(f"  {row.target.kind}{role} ", "dim")]
        gap = _LABEL + self.column - cells(name) - cells(rest[0][0])
        if gap > 0:
            rest += [(" " * gap, "normal"), ("│", "accent")]
        return Line((((name), "heading"), *rest))

    def _strip(self, row: model.Row, view: View, tall: int) -> list[Line]:
        value = row.columns[self.column] if row.columns else None
        state = model.grade(row, value, view.thresholds)
        sign = {"over": "!", "warning": "^"}.get(state, " ")
        lines = []
        for level in reversed(range(tall)):
            label, said = ("", "") if level else (row.metric.title, f"{row.show(value)}{sign}")
            if level == tall - 1 and tall > 1:
                said = f"of {row.show(row.top)} "
            text = model.strip_text(row.columns, row.top, level, tall)
            lines.append(
                Line(
                    (
                        (fit(f"  {label}", _LABEL - 1) + " ", "label"),
                        *self._with_cursor(text),
                        (fit(said, _VALUE, "right"), "dim" if level or value is None else _role(state)),
                    )
                )
            )
        return lines

    def _with_cursor(self, text: str, role: str = "spark") -> list[Piece]:
        at = self.column
        cell = text[at : at + 1]
        return [(text[:at], role), ("│" if cell in ("", " ") else cell, "accent"), (text[at + 1 :], role)]

    def _foot(self, view: View, width: int) -> list[Line]:
        marks = model.event_marks(view.snapshot.events, self.axis)
        lines = [self._marks_line(marks), self._times_line(view)]
        lines += self._event_lines(view, width)
        return [*lines, self._keys_line(width)]

    def _marks_line(self, marks: dict[int, Severity]) -> Line:
        pieces: list[Piece] = [(fit(" events", _LABEL - 1) + " ", "label")]
        rule = ["─"] * self.strip_width
        for column, severity in marks.items():
            rule[column] = model.mark(severity)
        start = 0
        for column in sorted({*marks, self.column}):
            cell = rule[column] if column in marks else "┴"
            state = SEVERITY_STATES[marks[column]] if column in marks else "accent"
            pieces += [("".join(rule[start:column]), "dim"), (cell, state)]
            start = column + 1
        return Line((*pieces, ("".join(rule[start:]), "dim")))

    def _times_line(self, view: View) -> Line:
        width, text = self.strip_width, ""
        for column in range(0, width - 8, max(width // max(width // 24, 1), 12)):
            at = self.axis.times[column] if self.axis.times else None
            text = text.ljust(column) + ("" if at is None else clock(at, view.utc))
        return Line(((" " * _LABEL, "normal"), (fit(text, width), "label")))

    def _event_lines(self, view: View, width: int) -> list[Line]:
        at, span = (self.axis.times[self.column] if self.axis.times else None), self.axis.span
        near: list[Event] = []
        if at is not None and span is not None:
            near = model.events_near(view.snapshot.events, at, max((span[1] - span[0]) / 20, 3.0), 3)
        if not near:
            text = " No event near the cursor." if view.snapshot.events else " No event yet."
            return [Line(((text, "dim"),)), Line(), Line()]
        lines = [
            Line(
                (
                    (f" {clock(event.at, view.utc)}  ", "label"),
                    (f"{event.severity:<10}", SEVERITY_STATES[event.severity]),
                    (fit(sentence(event, view), max(width - 24, 10)), "normal"),
                )
            )
            for event in near
        ]
        return lines + [Line()] * (3 - len(lines))

    def _keys_line(self, width: int) -> Line:
        if self._said is not None:
            return Line(tuple(fill([(" " + fit(self._said[0], width - 2), self._said[1])], width)), "bar")
        keymap, pieces = self.perftui.keymap, list[Piece]()
        for name in ("back", "cursor_left", "cursor_right", "cursor_now", "next_event", "zoom_in", "zoom_out", "help"):
            label = "Back" if name == "back" else keymap.commands[name].label
            key = f" {keymap.shown(name, 1)}"
            if width_of(pieces) + cells(key) + len(label) + 2 <= width:
                pieces += [(key, "key"), (f" {label} ", "normal")]
        return Line(tuple(fill(pieces, width)), "bar")


def _role(state: str) -> str:
    return "value" if state == "normal" else state
