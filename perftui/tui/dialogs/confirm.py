"""Asks before a server is changed: where, the exact command, what follows, how to take it back."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import ModalScreen

from perftui.actions.base import Action, ChoosableAction, Description, Outcome, Problem
from perftui.tui.dialogs.box import Button, draw_box, lay_out
from perftui.tui.lines import Line
from perftui.tui.widgets.line_widget import LineWidget

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

DEAF_S = 0.3
"""Keys typed ahead or pasted must not answer a question that was not on the screen yet."""
_WIDEST = 78
_STATES = {"done": "good", "refused": "warning", "failed": "over", "unverified": "warning"}

Run = Callable[[Action, str], Awaitable[Outcome]]


class ConfirmBox(LineWidget):
    """The framed question itself; says which button was clicked."""

    class Clicked(Message):
        def __init__(self, button: str) -> None:
            super().__init__()
            self.button = button

    def __init__(self) -> None:
        super().__init__(id="confirm-box")
        self.buttons: Sequence[Button] = ()

    def on_click(self, event: events.Click) -> None:
        event.stop()
        for button in self.buttons:
            if event.y == button.y and button.left <= event.x < button.right:
                self.post_message(self.Clicked(button.name))


class ConfirmDialog(ModalScreen[None]):
    """Stands on Cancel, is deaf for its first 300 ms, and to every paste; then runs what was confirmed."""

    DEFAULT_CSS = """
    ConfirmDialog { align: center middle; background: $background 60%; }
    ConfirmDialog > #confirm-box { width: 78; height: 16; }
    """
    AUTO_FOCUS: ClassVar[str | None] = ""

    def __init__(self, action: Action, problems: Sequence[Problem], verb: str, run: Run) -> None:
        super().__init__()
        self.verb = verb
        self.button = "cancel"
        self.running = False
        self._problems = tuple(problems)
        self._run = run
        self._box = ConfirmBox()
        self._actions = _by_choice(action)
        self.choice = next(
            (choice for choice, one in self._actions.items() if one.describe().command == action.describe().command), ""
        )
        self._hears_from: float | None = None

    @property
    def action(self) -> Action:
        """What would run now."""
        return self._actions[self.choice]

    @property
    def description(self) -> Description:
        return self.action.describe()

    def compose(self) -> ComposeResult:
        yield self._box

    def on_mount(self) -> None:
        self.paint()
        self.call_after_refresh(self._start_to_hear)

    def on_resize(self, _event: events.Resize) -> None:
        self.paint()

    def paint(self) -> None:
        """Draw the question for the screen's size."""
        width = min(self.app.size.width - 2, _WIDEST)
        body = lay_out(
            self.description,
            self._problems,
            width - 4,
            choice=self.choice,
            running=self.running,
        )
        lines, buttons = draw_box(
            self.description.title,
            body[: max(self.app.size.height - 6, 3)],
            width,
            self.verb,
            self.button,
            hears=self._hears_from is not None and time.monotonic() >= self._hears_from,
            running=self.running,
        )
        self._show(lines, buttons, width)

    def _show(self, lines: list[Line], buttons: Sequence[Button], width: int) -> None:
        box = self._box
        box.styles.width, box.styles.height = width, len(lines)
        box.buttons = buttons
        box.set_lines(lines)

    def _start_to_hear(self) -> None:
        """The time counts from when the question can be seen."""
        self._hears_from = time.monotonic() + DEAF_S
        self.set_timer(DEAF_S + 0.01, self.paint)

    def is_deaf_to(self, event: Message) -> bool:
        """Whether it was typed before anybody could have read the question."""
        return self._hears_from is None or event.time < self._hears_from

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        if event.key == "ctrl+c":
            self.app.exit()
        elif not self.is_deaf_to(event):
            self._answer(event.key)

    def on_confirm_box_clicked(self, event: ConfirmBox.Clicked) -> None:
        if not self.is_deaf_to(event):
            self.button = event.button
            self._press()

    def _answer(self, key: str) -> None:
        if key in ("escape", "n", "q"):
            self._leave()
        elif self.running:
            return
        elif key == "enter":
            self._press()
        elif key == "y":
            self.button = "confirm"
            self._press()
        elif key in ("tab", "shift+tab", "left", "right", "h", "l"):
            self.button = "cancel" if self.button == "confirm" else "confirm"
            self.paint()
        elif key in ("down", "j", "up", "k"):
            self._choose(1 if key in ("down", "j") else -1)

    def _choose(self, step: int) -> None:
        choices = list(self._actions)
        self.choice = choices[(choices.index(self.choice) + step) % len(choices)]
        self.button = "cancel"
        self.paint()

    def _press(self) -> None:
        if self.button == "cancel":
            self._leave()
        elif not self.running:
            self.running = True
            self.paint()
            work = self._work(self.action, self.description.command)
            self.app.run_worker(work, group="actions", exit_on_error=False)

    async def _work(self, action: Action, command: str) -> None:
        """Belongs to the app: it goes on when this dialog is left."""
        perftui = cast("PerftuiApp", self.app)
        outcome = await self._run(action, command)
        if self.is_attached and self.is_current:
            self.dismiss()
        perftui.say(outcome.message, _STATES[outcome.state])

    def _leave(self) -> None:
        perftui, waited = cast("PerftuiApp", self.app), self.running
        self.dismiss()
        if waited:
            perftui.say("Not waiting any more. The command goes on; its outcome will be told.", "warning")


def _by_choice(action: Action) -> dict[str, Action]:
    """An action for each choice; one that offers none stands alone."""
    choices = action.describe().choices
    if not choices or not hasattr(action, "choose"):
        return {"": action}
    choosable = cast("ChoosableAction", action)
    return {choice: choosable.choose(choice) for choice in choices}
