"""Asks before a server is changed: where, the exact command, what follows, how to take it back."""

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple, cast

from textual import events
from textual.app import ComposeResult
from textual.message import Message

from perftui.actions.base import (
    Action,
    ActionProgress,
    ChoosableAction,
    Description,
    Outcome,
    Problem,
    ReportingAction,
    StoppableAction,
)
from perftui.tui.dialogs.box import Asked, Button, draw_box, lay_out
from perftui.tui.dialogs.confirm_box import ConfirmBox
from perftui.tui.dialogs.modal import Dialog
from perftui.tui.dialogs.telling import STATES, show_outcome
from perftui.tui.lines import Line, Piece

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

DEAF_S = 0.3
"""Keys typed ahead or pasted must not answer a question that was not on the screen yet."""
_WIDEST, _LONGEST = 78, 200


class Confirmed(NamedTuple):
    """What the user saw and agreed to."""

    command: str
    typed: str | None = None


Run = Callable[[Action, Confirmed], Awaitable[Outcome]]


class ConfirmDialog(Dialog):
    """Stands on Cancel; is deaf for its first 300 ms, for as long as keys still come, and to every paste.

    Then runs what was confirmed. Where the description wants something typed, only that very text lets it run.
    """

    DEFAULT_CSS = """
    ConfirmDialog { align: center middle; background: $background 60%; }
    ConfirmDialog > #confirm-box { width: 78; height: 16; }
    """

    def __init__(
        self,
        action: Action,
        problems: Sequence[Problem],
        verb: str,
        run: Run,
        abort: Callable[[Action], None] | None = None,
    ) -> None:
        """`abort`: what K does to the running action, such as asking whether to abort its build."""
        super().__init__()
        self.verb = verb
        self.typed = ""
        self.top = 0
        self.progress: ActionProgress | None = None
        self._abort = abort
        self._stopping = False
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
            self._asked(),
        )
        lines, buttons = draw_box(
            self.description.title,
            self._in_sight(body),
            width,
            self.verb,
            self.button,
            hears=self._may_confirm and self._hears_from is not None and time.monotonic() >= self._hears_from,
            running=self.running,
        )
        self._show(lines, buttons, width)

    def _asked(self) -> Asked:
        return Asked(
            choice=self.choice,
            typed=self.typed,
            running=self.running,
            progress=self.progress,
            can_abort=self._abort is not None,
            can_stop=isinstance(self.action, StoppableAction),
            stopping=self._stopping,
        )

    def _in_sight(self, body: list[list[Piece]]) -> list[list[Piece]]:
        """What has room of the question; nothing of it is left out without a word."""
        room = max(self.app.size.height - 6, 3)
        if len(body) <= room:
            self.top = 0
            return body
        self.top = max(0, min(self.top, len(body) - room + 1))
        shown = body[self.top : self.top + room - 1]
        left = len(body) - self.top - len(shown)
        words = f"… {left} more lines below: PgDn" if left else "… the beginning is above: PgUp"
        return [*shown, [(words, "accent")]]

    def _show(self, lines: list[Line], buttons: Sequence[Button], width: int) -> None:
        box = self._box
        box.styles.width, box.styles.height = width, len(lines)
        box.buttons = buttons
        box.set_lines(lines)

    def _start_to_hear(self) -> None:
        """The time counts from when the question can be seen."""
        self._hears_from = time.monotonic() + DEAF_S
        self._paint_until_it_hears()

    def _paint_until_it_hears(self) -> None:
        self.paint()
        left_s = (self._hears_from or 0.0) - time.monotonic()
        if left_s > 0:
            self.set_timer(left_s + 0.01, self._paint_until_it_hears)

    def is_deaf_to(self, event: Message) -> bool:
        """Whether it was typed before anybody could have read the question."""
        return self._hears_from is None or event.time < self._hears_from

    def hear(self, event: events.Key) -> None:
        if self.is_deaf_to(event):
            self._stay_deaf(event)
        elif not self._type(event):
            self._answer(event.key)

    def _stay_deaf(self, event: events.Key) -> None:
        """Who types on has not read the question yet."""
        if self._hears_from is not None:
            self._hears_from = max(self._hears_from, event.time + DEAF_S)

    def on_confirm_box_clicked(self, event: ConfirmBox.Clicked) -> None:
        if not self.left and not self.is_deaf_to(event):
            self.button = event.button
            self._press()

    @property
    def _may_confirm(self) -> bool:
        """What has to be typed is typed."""
        wanted = self.description.typed_confirmation
        return wanted is None or self.typed == wanted

    def _type(self, event: events.Key) -> bool:
        """A key into the field; False: it is none for it."""
        if self.running or self.description.typed_confirmation is None:
            return False
        if event.key == "backspace":
            self.typed = self.typed[:-1]
        elif event.is_printable and event.character and len(self.typed) < _LONGEST:
            self.typed += event.character
        else:
            return False
        self.button = "confirm" if self._may_confirm else "cancel"
        self.paint()
        return True

    def _answer(self, key: str) -> None:
        if self.running and not self._stopping and self._stop(key):
            return
        if key in ("escape", "n", "q") or (not self.verb and key in ("enter", "y", "space")):
            self._leave()
        elif not self.verb:
            return
        elif self.running:
            if key in ("K", "f9") and self._abort is not None:
                self._leave()
                self._abort(self.action)
        elif key == "enter":
            self._press()
        elif key == "y":
            self.button = "confirm"
            self._press()
        elif key in ("tab", "shift+tab", "left", "right", "h", "l"):
            self.button = "cancel" if self.button == "confirm" else "confirm"
            self.paint()
        elif key in ("pagedown", "pageup"):
            self.top += 5 if key == "pagedown" else -5
            self.paint()
        elif key in ("down", "j", "up", "k"):
            self._choose(1 if key in ("down", "j") else -1)

    def _stop(self, key: str) -> bool:
        """End what goes step by step; False: it is no key for that, or it cannot be ended."""
        if key not in ("escape", "q", "K", "f9") or not isinstance(self.action, StoppableAction):
            return False
        self.action.stop()
        self._stopping = True
        self.paint()
        return True

    def _choose(self, step: int) -> None:
        choices = list(self._actions)
        self.choice = choices[(choices.index(self.choice) + step) % len(choices)]
        self.button = "cancel"
        self.paint()

    def _press(self) -> None:
        if self.button == "cancel":
            self._leave()
        elif not self._may_confirm:
            self.button = "cancel"
            self.paint()
        elif not self.running:
            self.running = True
            self.paint()
            if isinstance(self.action, ReportingAction):
                self.action.report_to(self._tell)
            typed = self.typed if self.description.typed_confirmation is not None else None
            work = self._work(self.action, Confirmed(self.description.command, typed))
            self.app.run_worker(work, group="actions", exit_on_error=False)

    def _tell(self, progress: ActionProgress) -> None:
        self.progress = progress
        if self.is_attached and not self.left:
            self.paint()

    async def _work(self, action: Action, confirmed: Confirmed) -> None:
        """Belongs to the app: it goes on when this dialog is left. Who has left it is told in one line."""
        perftui = cast("PerftuiApp", self.app)
        outcome = await self._run(action, confirmed)
        if self.left:
            perftui.say(outcome.message, STATES[outcome.state])
            return
        self.leave()
        await show_outcome(perftui, action, outcome)

    def _leave(self) -> None:
        self.leave()
        if self.running:
            words = "Not waiting any more. The command goes on; its outcome will be told."
            cast("PerftuiApp", self.app).say(words, "warning")


def _by_choice(action: Action) -> dict[str, Action]:
    """An action for each choice; one that offers none stands alone."""
    choices = action.describe().choices
    if not choices or not hasattr(action, "choose"):
        return {"": action}
    choosable = cast("ChoosableAction", action)
    return {choice: choosable.choose(choice) for choice in choices}
