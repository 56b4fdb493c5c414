"""Asks before a query's read part is run for its plan's real figures."""

from typing import TYPE_CHECKING

from perftui.actions.base import Action, Description, Outcome, Problem
from perftui.model.target import Connection, Target
from perftui.tui.work import EXECUTE_LIMIT_MS

if TYPE_CHECKING:
    from perftui.analysis.explaining import Explainable
    from perftui.tui.app import PerftuiApp
    from perftui.tui.screens.plan import PlanScreen


class ExecuteOnce:
    """Has the form of an action, so that it is asked like one; it only reads, so nothing of it is in the journal."""

    name = "explain"

    def __init__(self, connection: Connection, target: Target, asked: "Explainable", role: str | None) -> None:
        self.connection, self.target, self.asked, self.role = connection, target, asked, role

    async def check(self) -> tuple[Problem, ...]:
        return ()

    def describe(self) -> Description:
        seconds = EXECUTE_LIMIT_MS / 1000
        return Description(
            title="Run the read part of this query",
            command=self.asked.shell_command("executionStats", EXECUTE_LIMIT_MS),
            host=self.target.name,
            role=self.role,
            consequences=(
                f"The read part runs in full on this server, for at most {seconds:.0f} s.",
                "Nothing is written, whatever the command; Esc cancels it there too.",
            ),
            undo="nothing is to be done, it only reads.",
        )

    async def run(self) -> Outcome:
        return Outcome(state="done", message="The server runs it.")

    def explain(self, error: BaseException) -> str:
        return f"It could not be run: {type(error).__name__}."


def open_execute(app: "PerftuiApp", screen: "PlanScreen") -> None:
    """Ask, then have the screen run it; says why nobody may be asked now."""
    from perftui.tui.ask import asking_refused
    from perftui.tui.dialogs.asking import why_not_now
    from perftui.tui.dialogs.confirm import ConfirmDialog, Confirmed

    reason = asking_refused(app, screen.state) or screen.asked.never_run or why_not_now(app)
    if reason is not None:
        app.say(reason, "warning")
        return
    role = screen.state.mongodb.role if screen.state.mongodb is not None else None
    action = ExecuteOnce(screen.connection, screen.state.target, screen.asked, role)

    async def run(chosen: Action, _confirmed: Confirmed) -> Outcome:
        screen.ask("executionStats")
        return await chosen.run()

    app.push_screen(ConfirmDialog(action, (), "Run it", run))
