"""The monitor's Textual application: takes Snapshots from a feed and hands Views to the screen on top."""

import asyncio
from collections.abc import Iterable
from typing import Any, cast

from rich.text import Text
from textual.app import SystemCommand
from textual.message import Message
from textual.screen import Screen

from perftui.actions.base import Action
from perftui.advice.contention.groups import Grouping, GroupKey
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import TargetKind
from perftui.monitor.feed import Feed
from perftui.tui.advice_book import AdviceBook
from perftui.tui.in_view import InView, targets_in_view
from perftui.tui.keyed import KeyedScreen
from perftui.tui.keys import Command, keymap_of
from perftui.tui.leaving import LeavingApp
from perftui.tui.report_card.presses import CardPresses
from perftui.tui.screens.main import MainScreen
from perftui.tui.slow_link import SlowLink
from perftui.tui.terminal import end_with, guarded_driver
from perftui.tui.themed_app import ThemedApp
from perftui.tui.view import View
from perftui.tui.work import Work

_PUT_BACK_S = 8.0
"""How long leaving may take while profiling is put back; the next start does what is left."""


class SnapshotArrived(Message):
    """A new Snapshot is there; several waiting ones become one."""

    def can_replace(self, message: Message) -> bool:
        return isinstance(message, SnapshotArrived)


class PerftuiApp(LeavingApp, ThemedApp):
    """Raises `UserError` when the settings' keys are wrong."""

    TITLE = "perftui"
    ENABLE_COMMAND_PALETTE = True
    AUTO_FOCUS = ""
    CSS = """
    Screen { layout: vertical; overflow: hidden; }
    """

    def __init__(self, feed: Feed, settings: Settings) -> None:
        self._link = SlowLink(settings.slow_link) if settings.slow_link else None
        super().__init__(driver_class=guarded_driver(self._link.wrote if self._link else None))
        self.follow(feed, settings)
        self.settings = settings
        self.keymap = keymap_of(settings)
        self.animation_level = "none"
        self.begin_theme()
        self.view: View | None = None
        self.utc, self.show_noise = settings.utc, False
        self.selected: dict[TargetKind, str] = {}
        """What the user chose."""
        self.in_view: InView = {}
        self.work = Work()
        self.running_actions: list[Action] = []
        self.windows: list[Any] = []
        """Windows of profiling that are open: the old settings come back with them."""
        self.advice = AdviceBook()
        self.collection: str | None = None
        """The collection that was opened in Indexes."""
        self.endpoint: tuple[str, str] | None = None
        """The endpoint whose queries were opened."""
        self.grouping: Grouping | None = None
        self.group: GroupKey | None = None
        """The group of operations that was opened."""
        self.card_presses = CardPresses()
        self.checking: str | None = None
        """The name of the target that is asked whether an action may run; its question comes, or why there is none."""
        self._lists_connections = False
        self._feeding: asyncio.Task[None] | None = None
        self._no_signals: Any = None

    def get_default_screen(self) -> Screen[Any]:
        return MainScreen()

    def on_mount(self) -> None:
        loop = asyncio.get_running_loop()
        if not self.is_headless:
            self._no_signals = end_with(loop, self.leave)
        self._feeding = loop.create_task(self._feed())
        if self.theme_problem:
            self.call_after_refresh(self.say, self.theme_problem, "warning")
        if self.feed.live and any(one.target.kind == "mongodb" for one in self.settings.connections):
            self.call_after_refresh(self._offer_pending)

    def _offer_pending(self) -> None:
        from perftui.tui.aftermath import follow_up
        from perftui.tui.dialogs.pending import offer_pending
        from perftui.tui.proofs import renew_proofs

        renew_proofs(self)
        self.run_worker(offer_pending(self), group="actions", exit_on_error=False)
        self.run_worker(follow_up(self), group="aftermath", exit_on_error=False)

    async def on_unmount(self) -> None:
        if self._no_signals is not None:
            self._no_signals()
        if self._feeding is not None:
            self._feeding.cancel()
            await asyncio.wait({self._feeding}, timeout=1.0)
        if self.windows:
            closing = [asyncio.ensure_future(window.close()) for window in self.windows]
            await asyncio.wait(closing, timeout=_PUT_BACK_S)

    async def _feed(self) -> None:
        try:
            await self.feed.run(self._take)
        except asyncio.CancelledError:
            raise
        except Exception as error:  # a task's own exception would vanish
            self._handle_exception(error)

    def _take(self, snapshot: Snapshot) -> None:
        self.latest = snapshot
        if self._link is None:
            self._announce()
        else:
            self._link.when_free(self._announce)

    def _announce(self) -> None:
        self.post_message(SnapshotArrived())

    def on_snapshot_arrived(self) -> None:
        if self.latest is not None and not self.paused:
            self.show_snapshot(self.latest)
        else:
            self.renew_view()

    def renew_view(self) -> None:
        """Draw again after something about the way of showing changed."""
        if self.shown is None or self._is_bare:
            return
        self.in_view = targets_in_view(self.shown, self.selected, self.in_view)
        self.view = View(
            snapshot=self.shown,
            history=self.feed.history,
            settings=self.settings,
            selected={kind: target.id for kind, target in self.in_view.items()},
            live=self.feed.live and not self.paused,
            show_noise=self.show_noise,
            utc=self.utc,
            advice=self.advice,
            collection=self.collection,
            endpoint=self.endpoint,
            grouping=self.grouping,
            group=self.group,
        )
        if isinstance(self.screen, KeyedScreen):
            self.screen.show_view(self.view)

    @property
    def _is_bare(self) -> bool:
        """Its screens are closed: it ends, but what was under way may still arrive."""
        return not self.screen_stack

    def open_queries_of(self, endpoint: tuple[str, str]) -> None:
        """The main screen on the queries of one endpoint; Esc goes back to the endpoints."""
        while not isinstance(self.screen, MainScreen) and len(self.screen_stack) > 1:
            self.pop_screen()
        if isinstance(self.screen, MainScreen):
            self.screen.open_endpoint(endpoint)

    def list_connections(self, wanted: bool) -> None:
        """Have the connections read while a table shows them: they cost the server."""
        if wanted != self._lists_connections:
            self._lists_connections = wanted
            self.feed.set_list_connections(wanted)

    def say(self, text: str, state: str = "normal") -> None:
        """One sentence on the screen on top; nobody reads it any more where it ends."""
        if self._is_bare:
            return
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

    def action_utc(self) -> None:
        self.utc = not self.utc
        self.say("Times are in UTC." if self.utc else "Times are local.")
        self.renew_view()

    def action_noise(self) -> None:
        self.show_noise = not self.show_noise
        self.feed.set_show_noise(self.show_noise)
        done = "shown" if self.show_noise else "hidden"
        if self.feed.live:
            self.say(f"Idle and internal operations are {done}.")
        else:
            self.say(f"This is a recording: idle and internal operations are {done} if it holds any.")
        self.renew_view()

    def action_undo(self) -> None:
        from perftui.tui.dialogs.undo import open_undo

        open_undo(self)

    def action_report_card(self) -> None:
        from perftui.tui.report_card.copying import press_card

        press_card(self)

    def action_bundle(self) -> None:
        from perftui.tui.report_card.bundling import write_bundle

        self.run_worker(write_bundle(self), group="bundle", exclusive=True)

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

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        from perftui.tui.palette_commands import palette_commands

        yield from palette_commands(self, screen)

    def _fatal_error(self) -> None:
        """Textual would print the locals of every frame, passwords among them."""
        from perftui.crash import report_crash

        error = self._exception
        sentence = report_crash(error) if error is not None else "perftui: an error of perftui itself."
        self._exit_renderables.append(Text(sentence))
        self._close_messages_no_wait()
