"""What an action would do, checked at the server and changing nothing there."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perftui.actions.base import Action, Description, Outcome, Problem
from perftui.tui.dialogs.asking import begin_check, checking, may_ask, until_nothing_is_typed
from perftui.tui.dialogs.telling import show_only, show_outcome

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp


class DryRun:
    """An action that only describes another one."""

    name = "dry run"

    def __init__(self, action: Action) -> None:
        self.action = action
        self.target, self.connection = action.target, action.connection

    async def check(self) -> tuple[Problem, ...]:
        return await self.action.check()

    def describe(self) -> Description:
        described = self.action.describe()
        would = f"Nothing was changed: perftui {described.would or 'would run this'}."
        return replace(
            described,
            title="Dry run",
            consequences=(would, *described.consequences),
            typed_confirmation=None,
            choices=(),
        )

    async def run(self) -> Outcome:
        return Outcome(state="refused", message="A dry run changes nothing.")

    def explain(self, error: BaseException) -> str:
        return self.action.explain(error)


def start_dry_run(app: "PerftuiApp", action: Action) -> None:
    """Check in the background, then show it."""
    if may_ask(app):
        begin_check(app, action.target.name)
        app.run_worker(_check_and_show(app, DryRun(action)), group="actions", exit_on_error=False)


async def _check_and_show(app: "PerftuiApp", action: DryRun) -> None:
    from perftui.model.redaction import redact
    from perftui.tui.dialogs.confirm import ConfirmDialog

    with checking(app, action.target.name):
        try:
            problems = await action.check()
        except Exception as error:  # whatever a client raises is told in words
            words = f"It could not be checked: {redact(action.explain(error))}"
            await show_outcome(app, action, Outcome(state="failed", message=words))
            return
        await until_nothing_is_typed(app)
        await app.push_screen(ConfirmDialog(action, problems, "", show_only))
