"""Asks before advice is rehearsed: a sample of the data comes to this machine."""

import asyncio
from typing import TYPE_CHECKING

from perftui.actions.base import Action, Description, Outcome, Problem
from perftui.model.target import Connection, Target
from perftui.tui.work import AdviceWish

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp
    from perftui.tui.screens.advice import AdviceScreen


class RehearseOnce:
    """Has the form of an action, so that it is asked like one; it changes no server, so it is in no journal."""

    name = "rehearse"

    def __init__(self, connection: Connection, target: Target, wish: AdviceWish, role: str | None) -> None:
        self.connection, self.target, self.wish, self.role = connection, target, wish, role

    async def check(self) -> tuple[Problem, ...]:
        from perftui.rehearsal.here import runs_here

        if not await asyncio.to_thread(runs_here, self.connection):
            return ()
        from perftui.rehearsal.announcement import SAME_MACHINE

        return (Problem(blocking=False, message=SAME_MACHINE),)

    def describe(self) -> Description:
        from perftui.rehearsal.announcement import consequences

        return Description(
            title="Rehearse on a sample of the data",
            command=f"perftui analyze --rehearse --ns {self.wish.ns}",
            host=self.target.name,
            role=self.role,
            consequences=consequences(),
            undo="nothing is to be done: the copy is deleted at the end.",
        )

    async def run(self) -> Outcome:
        return Outcome(state="done", message="The rehearsal is under way. Esc cancels it.")

    def explain(self, error: BaseException) -> str:
        return f"It could not be rehearsed: {type(error).__name__}."


def open_rehearsal(app: "PerftuiApp", screen: "AdviceScreen") -> None:
    """Ask, then have the screen show what was measured; says why nobody may be asked now."""
    from perftui.tui.ask import asking_refused
    from perftui.tui.dialogs.asking import why_not_now

    reason = asking_refused(app, screen.state) or why_not_now(app)
    if reason is not None:
        app.say(reason, "warning")
        return
    role = screen.state.mongodb.role if screen.state.mongodb is not None else None
    action = RehearseOnce(screen.connection, screen.state.target, screen.wish, role)
    app.run_worker(_ask(app, screen, action), group="rehearsal", exclusive=True, exit_on_error=False)


async def _ask(app: "PerftuiApp", screen: "AdviceScreen", action: RehearseOnce) -> None:
    from perftui.tui.dialogs.asking import until_nothing_is_typed
    from perftui.tui.dialogs.confirm import ConfirmDialog, Confirmed

    async def run(chosen: Action, _confirmed: Confirmed) -> Outcome:
        screen.ask(rehearse=True)
        return await chosen.run()

    problems = await action.check()
    await until_nothing_is_typed(app)
    if app.screen is screen:
        app.push_screen(ConfirmDialog(action, problems, "Rehearse", run))
