"""Which profiling is wanted: a small form before the question. Up and down choose a line, left and right its value."""

from collections.abc import Callable

from msgspec import Struct
from textual import events
from textual.app import ComposeResult

from perftui.tui.dialogs.modal import Dialog
from perftui.tui.formatting import duration
from perftui.tui.lines import Line, Piece, cells, fill
from perftui.tui.widgets.line_widget import LineWidget

_WIDTH = 64
LEVELS = {0: "0: off", 1: "1: slow operations", 2: "2: every operation"}
SLOW_MS = (0, 1, 5, 10, 20, 50, 100, 200, 500, 1000)
SAMPLES = (1.0, 0.5, 0.1, 0.01)
SECONDS = (60.0, 300.0, 900.0, 3600.0, None)


class Choice(Struct, frozen=True):
    """What was chosen."""

    level: int = 1
    slow_ms: int = 100
    sample_rate: float = 1.0
    seconds: float | None = 60.0
    """`None`: until it is changed again."""
    ns: str | None = None
    """Only what concerns this collection, whatever it takes; level and slow_ms do not count then."""


class ProfilingForm(Dialog):
    """Hands the choice to `done`; Esc leaves without one."""

    DEFAULT_CSS = """
    ProfilingForm { align: center middle; background: $background 60%; }
    ProfilingForm > #profiling-form { width: 64; height: 12; }
    """

    def __init__(self, database: str, member: str, done: Callable[[Choice], None]) -> None:
        super().__init__()
        self.database, self.member, self._done = database, member, done
        self.places = [1, SLOW_MS.index(100), 0, 0]
        self.line = 0
        self._box = LineWidget(id="profiling-form")

    @property
    def choice(self) -> Choice:
        level, slow, sample, seconds = self.places
        return Choice(list(LEVELS)[level], SLOW_MS[slow], SAMPLES[sample], SECONDS[seconds])

    def compose(self) -> ComposeResult:
        yield self._box

    def on_mount(self) -> None:
        self.paint()

    def on_resize(self, _event: events.Resize) -> None:
        self.paint()

    def paint(self) -> None:
        width = min(self.app.size.width - 2, _WIDTH)
        lines = [_edge("┌", "┐", width, f" Profile {self.database} on {self.member} "), _row([], width)]
        lines += [self._value(index, label, width) for index, label in enumerate(_LABELS)]
        lines += [_row([], width), *(_row([(f"  {words}", "dim")], width) for words in _NOTES)]
        lines += [_row([("  Up Down line   Left Right value   Enter goes on   Esc leaves", "dim")], width)]
        lines.append(_edge("└", "┘", width))
        self._box.styles.width, self._box.styles.height = width, len(lines)
        self._box.set_lines(lines)

    def _value(self, index: int, label: str, width: int) -> Line:
        here = index == self.line
        shown = f"◀ {self._words(index)} ▶" if here else f"  {self._words(index)}"
        return _row(
            [(" >" if here else "  ", "key"), (f" {label:<9}", "label"), (shown, "accent" if here else "value")], width
        )

    def _words(self, index: int) -> str:
        choice = self.choice
        seconds = "until it is changed" if choice.seconds is None else duration(choice.seconds)
        return (LEVELS[choice.level], f"{choice.slow_ms} ms", f"{choice.sample_rate * 100:g} % of them", seconds)[index]

    def hear(self, event: events.Key) -> None:
        key = event.key
        if key in ("escape", "q"):
            self.leave()
        elif key == "enter":
            self.leave()
            self._done(self.choice)
        elif key in ("up", "k", "down", "j", "tab", "shift+tab"):
            self.line = (self.line + (-1 if key in ("up", "k", "shift+tab") else 1)) % len(_LABELS)
        elif key in ("left", "h", "right", "l"):
            count = (len(LEVELS), len(SLOW_MS), len(SAMPLES), len(SECONDS))[self.line]
            self.places[self.line] = (self.places[self.line] + (-1 if key in ("left", "h") else 1)) % count
        if not self.left:
            self.paint()


_LABELS = ("level", "slowms", "sample", "for")
_NOTES = ("slowms and sample hold for the whole mongod.", "The old settings come back after this time.")


def _row(pieces: list[Piece], width: int) -> Line:
    return Line((("│", "dim"), *fill(pieces, width - 2), ("│", "dim")))


def _edge(left: str, right: str, width: int, title: str = "") -> Line:
    shown = fill([(title, "heading")], min(cells(title), width - 4)) if title else []
    taken = sum(cells(text) for text, _ in shown)
    return Line(((f"{left}─", "dim"), *shown, ("─" * (width - 3 - taken) + right, "dim")))
