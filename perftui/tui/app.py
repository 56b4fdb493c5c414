"""The monitor's Textual application: takes Snapshots from a feed and hands Views to the screen on top."""

import asyncio
from collections.abc import Iterable
from typing import Any, cast

import msgspec
from textual.app import App, SystemCommand
from textual.message import Message
from textual.screen import Screen

from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import TargetKind
from perftui.monitor.feed import Feed
from perftui.tui.formatting import duration
from perftui.tui.keyed import KeyedApp, KeyedScreen
from perftui.tui.keys import Command, keymap_of
from perftui.tui.screens.main import MainScreen
from perftui.tui.terminal import end_with, guarded_driver
from perftui.tui.themes import ThemeFile, load_theme
from perftui.tui.view import View
from perftui.tui.widgets.line_widget import LineWidget

INTERVALS_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
WINDOWS_S = (60.0, 300.0, 900.0, 3600.0)


class SnapshotArrived(Message):
    """A new Snapshot is there; several waiting ones become one."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SnapshotArrived)


class PerftuiApp(KeyedApp):
    """Raises `UserError` when the settings' keys are wrong."""

    TITLE = "perftui"
    ENABLE_COMMAND_PALETTE = True
    AUTO_FOCUS = ""
    CSS = """
    Screen { layout: vertical; overflow: hidden; }
    """

    def __init__(self, feed: Feed, settings: Settings) -> None:
        super().__init__(driver_class=guarded_driver())
        self.feed, self.settings = feed, settings
        self.keymap = keymap_of(settings)
        self.animation_level = "none"
        theme, self.theme_problem = load_theme(settings.theme, settings.themes_folder, self.no_color)
        self.theme_file = theme
        self._adopt(theme)
        self.view: View | None = None
        self.latest: Snapshot | None = None
        self.paused, self.past = False, False
        """`past`: an earlier frame is shown because the user stepped back to it."""
        self.interval_s, self.window_s = settings.interval_s, settings.window_s
        self.utc, self.show_noise = settings.utc, False
        self.selected: dict[TargetKind, str] = {}
        self._shown: Snapshot | None = None
        self._feeding: asyncio.Task[None] | None = None
        self._no_signals: Any = None

    @property
    def palette(self) -> Any:
        """The styles of the theme in force, by role."""
        return self.theme_file.palette

    def get_default_screen(self) -> Screen[Any]:
        return MainScreen()

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        if not self.is_headless:
            self._no_signals = end_with(loop, self.leave)
        self._feeding = loop.create_task(self._feed())
        if self.theme_problem:
            self.call_after_refresh(self.say, self.theme_problem, "warning")

    async def on_unmount(self) -> None:
        if self._no_signals is not None:
            self._no_signals()
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.wait({self._feeding}, timeout=1.0)

    def leave(self, code: int) -> None:
        """End in order with this exit code; the terminal is restored."""
        self.leaving = True
        self.exit(return_code=code)

    async def _feed(self) -> None:
        try:
            await self.feed.run(self._take)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # a task's own exception would vanish
            self._handle_exception(error)

    def _take(self, snapshot: Snapshot) -> None:
        self.latest = snapshot
        self.post_message(SnapshotArrived())

    def on_snapshot_arrived(self) -> None:
        if self.latest is not None and not self.paused:
            self.show_snapshot(self.latest)
        else:
            self.renew_view()

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show this Snapshot, new or old."""
        self._shown = snapshot
        self.renew_view()

    def renew_view(self) -> None:
        """Draw again after something about the way of showing changed."""
        if self._shown is None:
            return
        self.view = View(
            snapshot=self._shown,
            history=self.feed.history,
            settings=self.settings,
            selected=dict(self.selected),
            live=self.feed.live and not self.paused,
            show_noise=self.show_noise,
            utc=self.utc,
        )
        if isinstance(self.screen, KeyedScreen):
            self.screen.show_view(self.view)

    def say(self, text: str, state: str = "normal") -> None:
        """One sentence on the screen on top."""
        screen = self.screen
        if not (isinstance(screen, KeyedScreen) and screen.say(text, state)):
            severity = "warning" if state in {"warning", "over"} else "information"
            self.notify(text, severity=cast("Any", severity), markup=False)

    def copy(self, text: str) -> None:
        """To the clipboard by OSC 52, and say so."""
        self.copy_to_clipboard(text)
        self.say(f"Copied {len(text):,} characters (OSC 52; the terminal must allow it).")

    def read_only_reason(self, target: TargetState | None) -> str | None:
        """Why nothing may be changed there; `None` when it may."""
        if self.settings.read_only:
            return "perftui runs read-only: start it without --read-only to act."
        if target is not None and target.read_only:
            return f"{target.target.name} is read-only in the settings."
        return None if self.feed.live else "This is a recording: there is nothing to act on."

    async def run_command(self, command: Command, screen: Screen[Any]) -> None:
        """Run `action_<name>` of the screen, else of the app."""
        if command.name.startswith("page_") and command.keys.isdigit() and isinstance(screen, MainScreen):
            screen.run_page(command)
            return
        action = getattr(screen, f"action_{command.name}", None) or getattr(self, f"action_{command.name}", None)
        if action is not None:
            result = action()
            if asyncio.iscoroutine(result):
                await result

    def action_pause(self) -> None:
        if self.paused:
            self.go_live()
            return
        self.paused = True
        self.say("Paused: the screen stands still, reading goes on. p goes on.")
        self.renew_view()

    def action_back_in_time(self) -> None:
        self._step(-1)

    def action_forward_in_time(self) -> None:
        self._step(1)

    def action_refresh(self) -> None:
        self.feed.refresh()
        self.say("Reading all sources now.")

    def action_slower(self) -> None:
        self.set_reading_interval(next((step for step in INTERVALS_S if step > self.interval_s), INTERVALS_S[-1]))

    def action_faster(self) -> None:
        self.set_reading_interval(
            next((step for step in reversed(INTERVALS_S) if step < self.interval_s), INTERVALS_S[0])
        )

    def action_window(self) -> None:
        self.set_window(next((window for window in WINDOWS_S if window > self.window_s), WINDOWS_S[0]))

    def action_utc(self) -> None:
        self.utc = not self.utc
        self.say("Times are in UTC." if self.utc else "Times are local.")
        self.renew_view()

    def action_noise(self) -> None:
        self.show_noise = not self.show_noise
        self.feed.set_show_noise(self.show_noise)
        self.say("Idle and internal operations are " + ("shown." if self.show_noise else "hidden."))
        self.renew_view()

    def action_help(self) -> None:
        from perftui.tui.screens.help import HelpScreen

        contexts = self.screen.CONTEXTS if isinstance(self.screen, KeyedScreen) else ("app",)
        title = self.screen.TITLE_FOR_HELP if isinstance(self.screen, KeyedScreen) else ""
        self.push_screen(HelpScreen(contexts, title))

    def action_settings(self) -> None:
        from perftui.tui.screens.settings import SettingsScreen

        if not isinstance(self.screen, SettingsScreen):
            self.push_screen(SettingsScreen())

    def action_palette(self) -> None:
        self.action_command_palette()

    async def action_quit(self) -> None:
        self.leave(130)

    def action_help_quit(self) -> None:
        self.leave(130)

    def set_reading_interval(self, seconds: float) -> None:
        self.interval_s = seconds
        self.feed.set_interval(seconds)
        self.say(f"Reading every {seconds:g} s.")
        self.renew_view()

    def set_window(self, seconds: float) -> None:
        self.window_s = seconds
        self.feed.set_window(seconds)
        self.say(f"Digests show the last {duration(seconds)}.")

    def use_theme(self, name: str) -> None:
        """Switch to a theme; a bad one is named and the default taken."""
        if self.no_color:
            self.say("NO_COLOR is set: themes are not used.", "warning")
            return
        theme, problem = load_theme(name, self.settings.themes_folder)
        self.theme_file = theme
        self.register_theme(theme.textual)
        self.theme = theme.textual.name
        self.settings = msgspec.structs.replace(self.settings, theme=theme.name)
        for screen in self.screen_stack:
            for widget in screen.query(LineWidget):
                widget.forget_styles()
        if problem:
            self.say(problem, "warning")

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        from perftui.tui.palette_commands import palette_commands

        yield from palette_commands(self, screen)

    def _adopt(self, theme: ThemeFile) -> None:
        """Take the first theme without the restyling that a change of theme costs."""
        self.register_theme(theme.textual)
        self.set_reactive(App.theme, theme.textual.name)
        if self.no_color:
            self.set_reactive(App.ansi_color, True)
        self._refresh_truecolor_filter(self.ansi_theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def go_live(self) -> None:
        """Back to the newest Snapshot."""
        self.paused = self.past = False
        if self.latest is not None:
            self.show_snapshot(self.latest)

    def _step(self, step: int) -> None:
        if self._shown is None or self.latest is None:
            return
        first, last = self.feed.frames()
        sequence = self._shown.sequence + step
        while first <= sequence <= last:
            frame = self.feed.frame(sequence)
            if frame is not None:
                self.paused = self.past = True
                self.show_snapshot(frame)
                return
            sequence += step
        if step > 0:
            self.go_live()
        else:
            self.say("No earlier frame is kept.")

    def _fatal_error(self) -> None:
        """Textual would print the locals of every frame, passwords among them."""
        from perftui.crash import report_crash

        error = self._exception
        sentence = report_crash(error) if error is not None else "perftui: an error of perftui itself."
        from rich.text import Text

        self._exit_renderables.append(Text(sentence))
        self._close_messages_no_wait()
