"""How the monitor ends: at Ctrl-C from anywhere; at `q` once what goes on without it has been told."""

from collections.abc import Sequence
from typing import Any

from rich.text import Text
from textual import events

from perftui.actions.base import Action, ReportingAction
from perftui.tui.keys import Keymap
from perftui.tui.timed_app import TimedApp


class LeavingApp(TimedApp):
    """Knows which actions are under way."""

    keymap: Keymap
    running_actions: list[Action]
    _told_of: Sequence[ReportingAction] = ()

    async def on_event(self, event: events.Event) -> None:
        """What is typed behind Ctrl-C, in one read with it, answers no question any more."""
        if isinstance(event, events.InputEvent) and not event.is_forwarded:
            if self.leaving:
                return
            if isinstance(event, events.Key) and self._is_for_leaving(event):
                self.leave(130)
                return
        await super().on_event(event)

    def _is_for_leaving(self, event: events.Key) -> bool:
        """Over a prompt or a question too; a letter that was made the key of `quit` is typed there."""
        screen: Any = self.screen
        command = self.keymap.find(event.key, getattr(screen, "CONTEXTS", ("app",)))
        if command is None:
            return event.key == "ctrl+c"
        return command.name == "quit" and not event.is_printable

    def leave(self, code: int) -> None:
        """End in order with this exit code; the terminal is restored, and what goes on without us is told there."""
        self.leaving = True
        words = self.say_running()
        self.exit(return_code=code, message=Text(f"perftui: {words}") if words else None)

    def say_running(self) -> str:
        """What the actions under way do when nobody waits for them any more."""
        return " ".join(action.interrupted() for action in self._going_on())

    def _going_on(self) -> list[ReportingAction]:
        return [action for action in self.running_actions if isinstance(action, ReportingAction)]

    def leave_when_told(self) -> None:
        """End; where something goes on without us, only once that was said of each. Its words may change meanwhile."""
        going_on = self._going_on()
        if all(action in self._told_of for action in going_on):
            self.leave(0)
        else:
            self._told_of = going_on
            self.say(f"{self.say_running()} q again quits.", "warning")
