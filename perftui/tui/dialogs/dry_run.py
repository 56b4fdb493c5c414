"""What an action would do, checked at the server and changing nothing there."""

from typing import TYPE_CHECKING

from msgspec.structs import replace

from perftui.actions.base import Action, Description, Outcome, Problem

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
    app.say(f"Checking on {action.target.name} ...")
    app.run_worker(_check_and_show(app, DryRun(action)), group="actions", exit_on_error=False)


async def _check_and_show(app: "PerftuiApp", action: DryRun) -> None:
    from perftui.model.redaction import redact
    from perftui.tui.dialogs.confirm import ConfirmDialog, Confirmed

    try:
        problems = await action.check()
    except Exception as error:  # whatever a client raises is told in words
        app.say(f"It could not be checked: {redact(action.explain(error))}", "over")
        return

    async def never(chosen: Action, _confirmed: Confirmed) -> Outcome:
        return await chosen.run()

    await app.push_screen(ConfirmDialog(action, problems, "", never))
