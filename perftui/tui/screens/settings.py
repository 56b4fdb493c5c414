"""Settings: changed live with the arrow keys, kept in `perftui.toml` only when asked."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult

from perftui.tui.app import PerftuiApp
from perftui.tui.formatting import duration
from perftui.tui.keyed import KeyedScreen
from perftui.tui.keys import Context
from perftui.tui.lines import Line, Piece, fill, fit, spread
from perftui.tui.themes import ThemeError, read_theme, theme_paths
from perftui.tui.timed_app import INTERVALS_S, WINDOWS_S
from perftui.tui.view import State
from perftui.tui.widgets.line_widget import LineWidget


@dataclass(frozen=True, slots=True)
class Choice:
    """One setting: its values in words, which is in force, how another is taken."""

    title: str
    values: tuple[str, ...]
    current: Callable[[PerftuiApp], int]
    take: Callable[[PerftuiApp, int], None]
    about: str


class SettingsScreen(KeyedScreen):
    """Up and down choose a setting, left and right its value; `s` saves."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("settings", "table", "app")
    TITLE_FOR_HELP = "Settings"
    DEFAULT_CSS = """
    SettingsScreen { layout: vertical; }
    SettingsScreen > LineWidget { height: 1fr; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.row = 0
        self._said: Piece = ("", "normal")
        self._choices: tuple[Choice, ...] = ()
        self._page = LineWidget()

    def compose(self) -> ComposeResult:
        yield self._page

    def on_mount(self) -> None:
        self._choices = _choices(self.perftui)
        self.call_after_refresh(self.paint)

    def on_resize(self, _event: events.Resize) -> None:
        self.call_after_refresh(self.paint)

    def say(self, text: str, state: str = "normal") -> bool:
        self._said = (text, state)
        self.paint()
        return True

    def action_down(self) -> None:
        self.row = min(self.row + 1, len(self._choices) - 1)
        self.paint()

    def action_up(self) -> None:
        self.row = max(self.row - 1, 0)
        self.paint()

    def action_next_value(self) -> None:
        self._step(1)

    def action_previous_value(self) -> None:
        self._step(-1)

    def action_open(self) -> None:
        self._step(1)

    def action_save_settings(self) -> None:
        from perftui.tui.save_settings import save

        app = self.perftui
        values: dict[str, str | float | bool] = {
            "theme": app.settings.theme,
            "interval": app.interval_s,
            "window": app.window_s,
            "utc": app.utc,
        }
        try:
            path = save(app.settings.config_file, values)
        except (OSError, ValueError) as error:
            self.say(f"Not saved: {error}", "warning")
            return
        self.say(f"Saved to {path}.")

    def action_settings(self) -> None:
        self.action_back()

    def on_click(self, event: events.Click) -> None:
        if 0 <= event.y - 2 < len(self._choices):
            if self.row == event.y - 2:
                self._step(1)
            self.row = event.y - 2
            self.paint()

    def _step(self, step: int) -> None:
        choice = self._choices[self.row]
        choice.take(self.perftui, (choice.current(self.perftui) + step) % len(choice.values))
        self.paint()

    def paint(self) -> None:
        width, height = self.size
        if not width or not self._choices:
            return
        file = self.perftui.settings.config_file or "no settings file"
        where: list[Piece] = [(fit(file, min(len(file), width - 12)) + " ", "dim")]
        lines = [Line(tuple(spread([(" Settings", "heading")], where, width)), "header"), Line()]
        for index, choice in enumerate(self._choices):
            lines.append(self._line(choice, index == self.row, width))
        lines += [
            Line(),
            Line(((" " + fit(self._choices[self.row].about, width - 2), "dim"),)),
            Line(),
            *self._samples(),
        ]
        lines = lines[: height - 1] + [Line()] * (height - 1 - len(lines))
        self._page.set_lines([*lines, self._bottom(width)])

    def _line(self, choice: Choice, current: bool, width: int) -> Line:
        value = choice.values[choice.current(self.perftui)]
        pieces: list[Piece] = [("> " if current else "  ", "normal"), (fit(choice.title, 22), "normal")]
        pieces += [("< ", "dim"), (fit(value, 24), "value"), (" >", "dim")]
        return Line(tuple(fill(pieces, width)), "cursor" if current else "normal")

    def _samples(self) -> list[Line]:
        states: tuple[State, ...] = ("normal", "dim", "good", "warning", "over", "accent")
        signs = {"warning": "^", "over": "!"}
        return [
            Line(((" Colours mean: ", "label"), *((f" {state}{signs.get(state, '')} ", state) for state in states)))
        ]

    def _bottom(self, width: int) -> Line:
        if self._said[0]:
            return Line(tuple(fill([(" " + fit(self._said[0], width - 2), self._said[1])], width)), "bar")
        keys: list[Piece] = []
        for key, text in (("Up Down", "choose"), ("Left Right", "change"), ("s", "save to the file"), ("q", "back")):
            keys += [(f" {key} ", "key"), (f"{text} ", "normal")]
        return Line(tuple(fill(keys, width)), "bar")


def _choices(app: PerftuiApp) -> tuple[Choice, ...]:
    themes = _good_themes(app)
    return (
        Choice(
            "Theme",
            tuple(themes),
            lambda app: themes.index(app.theme_file.name) if app.theme_file.name in themes else 0,
            lambda app, index: app.use_theme(themes[index]),
            "Your own themes go into the folder themes beside the settings file.",
        ),
        Choice(
            "Interval",
            tuple(f"{step:g} s" for step in INTERVALS_S),
            lambda app: _nearest(INTERVALS_S, app.interval_s),
            lambda app, index: app.set_reading_interval(INTERVALS_S[index]),
            "How often servers are read. + and - change it on every screen.",
        ),
        Choice(
            "Window",
            tuple(duration(window) for window in WINDOWS_S),
            lambda app: _nearest(WINDOWS_S, app.window_s),
            lambda app, index: app.set_window(WINDOWS_S[index]),
            "What the digest of slow queries adds up. W changes it on every screen.",
        ),
        Choice(
            "Times",
            ("local", "UTC"),
            lambda app: int(app.utc),
            lambda app, _index: app.action_utc(),
            "t changes it on every screen.",
        ),
        Choice(
            "Idle and internal",
            ("hidden", "shown"),
            lambda app: int(app.show_noise),
            lambda app, _index: app.action_noise(),
            "Operations of idle sessions and of the server itself. i changes it on every screen.",
        ),
    )


def _good_themes(app: PerftuiApp) -> list[str]:
    if app.no_color:
        return [app.theme_file.name]
    names = []
    for name, path in sorted(theme_paths(app.settings.themes_folder).items()):
        try:
            read_theme(path)
        except ThemeError as error:
            app.call_later(app.say, str(error), "warning")
            continue
        names.append(name)
    return names


def _nearest(steps: tuple[float, ...], value: float) -> int:
    return min(range(len(steps)), key=lambda index: abs(steps[index] - value))
