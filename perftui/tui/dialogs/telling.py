"""What became of an action, in words: on the bottom line, or where that has no room for them in a box to be closed."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perftui.actions.base import Action, Description, Outcome, Problem
from perftui.tui.dialogs.asking import until_nothing_is_typed
from perftui.tui.lines import cells

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp
    from perftui.tui.dialogs.confirm import ConfirmDialog, Confirmed

STATES = {"done": "good", "refused": "warning", "failed": "over", "unverified": "warning"}
_TITLES = {"done": "done", "refused": "refused", "failed": "failed", "unverified": "not verified"}
_MARGIN = 2


class ToldOutcome:
    """Has the form of an action, so that it is shown like one."""

    name = "outcome"

    def __init__(self, action: Action, outcome: Outcome) -> None:
        self.action, self.outcome = action, outcome
        self.target, self.connection = action.target, action.connection

    async def check(self) -> tuple[Problem, ...]:
        return ()

    def describe(self) -> Description:
        described = self.action.describe()
        title = f"{described.title}: {_TITLES[self.outcome.state]}"
        return replace(described, title=title, consequences=(), undo="", items=(), choices=(), typed_confirmation=None)

    async def run(self) -> Outcome:
        return self.outcome

    def explain(self, error: BaseException) -> str:
        return self.action.explain(error)


async def show_outcome(app: "PerftuiApp", action: Action, outcome: Outcome) -> None:
    """Once nothing is being typed: over the bottom line there may be a filter, and a box must not get its letters."""
    if outcome.state != "done":
        await until_nothing_is_typed(app)
    if outcome.state == "done" or cells(outcome.message) + _MARGIN <= app.size.width:
        app.say(outcome.message, STATES[outcome.state])
    else:
        await app.push_screen(_box(action, outcome))


def _box(action: Action, outcome: Outcome) -> "ConfirmDialog":
    from perftui.tui.dialogs.confirm import ConfirmDialog

    told = ToldOutcome(action, outcome)
    return ConfirmDialog(told, (Problem(blocking=True, message=outcome.message),), "", show_only)


async def show_only(chosen: Action, _confirmed: "Confirmed") -> Outcome:
    """In place of running it: a box without a verb has nothing that runs."""
    return await chosen.run()
