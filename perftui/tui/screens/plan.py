"""The plan of one query: asked of the server in the background, drawn as a tree."""

import time
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.worker import Worker

from perftui.model.plan import Plan
from perftui.model.redaction import redact
from perftui.model.snapshot import TargetState
from perftui.model.target import Connection
from perftui.tui.formatting import duration
from perftui.tui.keys import Command, Context
from perftui.tui.lines import Line
from perftui.tui.screens.document import Block, Text, lay_out_blocks
from perftui.tui.screens.page import PageScreen
from perftui.tui.screens.plan_document import places, plan_blocks, raw_blocks
from perftui.tui.work import EXECUTE_LIMIT_MS, EXPLAIN_LIMIT_MS, AdviceWish, Asked

if TYPE_CHECKING:
    from perftui.analysis.explaining import Explainable

_TICK_S = 0.5


class PlanScreen(PageScreen):
    """Explains at once with queryPlanner; runs the query only when asked to."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("plan", "details", "app")
    TITLE_FOR_HELP = "A query's plan"
    KEY_LINE: ClassVar[tuple[str, ...]] = (
        "back", "plan_other", "plan_execute", "advise_this", "plan_raw", "copy_text", "search", "help",
    )  # fmt: skip

    def __init__(
        self, connection: Connection, state: TargetState, asked: "Explainable", what: str, wish: AdviceWish
    ) -> None:
        """`what`: the query in words; `wish`: what advice for it asks for."""
        super().__init__()
        self.connection, self.state, self.asked, self.what, self.wish = connection, state, asked, what, wish
        self.plan: Plan | None = None
        self.problem: str | None = None
        self.place = 0
        self.raw = False
        self.verbosity: Asked = "queryPlanner"
        self._since = 0.0
        self._asking: Worker[None] | None = None

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(_TICK_S, self._tick)
        self.ask("queryPlanner")

    def ask(self, verbosity: Asked) -> None:
        """Explain in the background; what was shown stays until the answer is there."""
        self.verbosity, self.problem = verbosity, None
        self._since = time.monotonic()
        self._asking = self._explain(verbosity)
        self.renew()

    @property
    def asking(self) -> bool:
        return self._asking is not None and self._asking.is_running

    @work(exclusive=True, group="explain", exit_on_error=False)
    async def _explain(self, verbosity: Asked) -> None:
        limit = EXECUTE_LIMIT_MS if verbosity == "executionStats" else EXPLAIN_LIMIT_MS
        try:
            answer = await self.perftui.work.explain(
                self.connection, self.state.target, self.asked, verbosity=verbosity, max_time_ms=limit
            )
        except Exception as error:  # whatever a client raises is told in words
            answer = f"It could not be explained: {redact(str(error)) or type(error).__name__}"
        self._asking = None
        if isinstance(answer, str):
            self.problem = answer
        else:
            self.plan, self.place, self.raw = answer, 0, False
        self.renew()

    def title_text(self) -> str:
        return f"Plan of {self.asked.ns} on {self.state.target.name}"

    def copied_text(self) -> str:
        return self.plan.raw if self.plan is not None else self.what

    def offers(self, command: Command) -> bool:
        if command.name == "plan_other":
            return self.plan is not None and bool(self.plan.rejected)
        return super().offers(command)

    def lay_out_page(self, width: int) -> list[Line]:
        blocks: list[Block] = [
            Text(self.what, role="value"),
            *(Text(note, role="warning", prose=True) for note in self.asked.notes),
        ]
        if self.asking:
            blocks.append(Text(self._say_asking(), role="accent", prose=True))
        if self.problem is not None:
            blocks.append(Text(self.problem, role="over", prose=True))
        if self.plan is not None:
            view = self._view
            utc = view.utc if view is not None else False
            limits = self.perftui.settings.thresholds
            blocks += raw_blocks(self.plan) if self.raw else plan_blocks(self.plan, self.place, width, limits, utc=utc)
        return lay_out_blocks(blocks, width, folded=self._folded, utc=False)

    def action_plan_other(self) -> None:
        """The next of the plans that the server considered."""
        if self.plan is None or not self.plan.rejected:
            self.say("The server considered no other plan.")
            return
        order = places(self.plan, self.size.width)
        shown = max(self.place, order[0])
        self.place = order[(order.index(shown) + 1) % len(order)]
        if len(order) == 1:
            self.say("There is only this one beside the winning plan.")
        self.renew()

    def action_plan_raw(self) -> None:
        self.raw = not self.raw
        self.page.top = 0
        self.renew()

    def action_plan_again(self) -> None:
        self.ask(self.verbosity)

    def action_plan_execute(self) -> None:
        """Ask whether the query's read part may run."""
        from perftui.tui.dialogs.execute import open_execute

        open_execute(self.perftui, self)

    def action_advise_this(self) -> None:
        from perftui.tui.ask import open_wish

        open_wish(self.perftui, self.state, self.wish)

    def action_back(self) -> None:
        """While an answer is awaited, Esc stops that first."""
        if self.asking and self._asking is not None:
            self._asking.cancel()
            self._asking = None
            self.problem = "Cancelled: the server was told to stop. r asks again."
            self.renew()
            return
        super().action_back()

    def _say_asking(self) -> str:
        running = duration(time.monotonic() - self._since)
        if self.verbosity == "executionStats":
            return (
                f"The server runs the read part, {running} of at most {EXECUTE_LIMIT_MS / 1000:.0f} s. Esc cancels it."
            )
        return f"Asking the server for its plan, {running}. Esc cancels it."

    def _tick(self) -> None:
        if self.asking:
            self.renew()
