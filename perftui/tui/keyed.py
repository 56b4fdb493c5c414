"""A screen whose keys come from the registry, so that help, rebinding and the key line know them all."""

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events
from textual.app import App
from textual.screen import Screen

from perftui.tui.exact_update import ExactCompositor
from perftui.tui.keys import Command, Context
from perftui.tui.view import View

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

_MOUNT_TIMEOUT_S = 5.0


class KeyedApp(App[None]):
    """Does a key before it looks at the next one: typed ahead, each means the screen that is there by then."""

    leaving = False
    """No key means anything any more."""

    def _handle_exception(self, error: Exception) -> None:
        """What fails because the program is ending, such as a palette that was just being opened, is no failure."""
        if not self.leaving:
            super()._handle_exception(error)

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not event.is_forwarded and hasattr(self.screen, "CONTEXTS"):
            await self._do(event, cast("KeyedScreen", self.screen))
        else:
            await super().on_event(event)

    async def _do(self, event: events.Key, screen: "KeyedScreen") -> None:
        mounted: asyncio.Event = cast("asyncio.Event", screen._mounted_event)
        await asyncio.wait_for(mounted.wait(), _MOUNT_TIMEOUT_S)
        if not await self._check_bindings(event.key, priority=True):
            await screen.on_key(event)


class KeyedScreen(Screen[Any]):
    """Runs `action_<command>` of itself, else of the app, for the keys of its contexts. `show_view` is what is new."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("details", "app")
    AUTO_FOCUS = ""
    TITLE_FOR_HELP: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self._compositor = ExactCompositor()

    @property
    def perftui(self) -> "PerftuiApp":
        return cast("PerftuiApp", self.app)

    @property
    def is_typing(self) -> bool:
        """Whether a text is being typed here: a question must not come between."""
        return False

    def show_view(self, view: View) -> None:
        """Draw a new View; called while this screen is on top, and when it comes back there."""

    def say(self, text: str, state: str = "normal") -> bool:  # noqa: ARG002
        """Show a sentence on this screen; False: it has no room for one."""
        return False

    def on_screen_resume(self) -> None:
        if self.perftui.view is not None:
            self.show_view(self.perftui.view)

    async def on_key(self, event: events.Key) -> None:
        if self.perftui.leaving:
            return
        command = self.perftui.keymap.find(event.key, self.CONTEXTS) or self._by_character(event)
        if command is not None:
            event.stop()
            event.prevent_default()
            await self.perftui.run_command(command, self)

    def action_back(self) -> None:
        if self.is_current and len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def _by_character(self, event: events.Key) -> Command | None:
        """Terminals name some keys by what they print, such as `upper_g` for G."""
        if event.character is None or event.character == event.key or not event.is_printable:
            return None
        return self.perftui.keymap.find(event.character, self.CONTEXTS)
