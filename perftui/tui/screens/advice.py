"""Advice for a query or a collection: asked for in the background, a list of what would help above its reasons."""

import time
from collections.abc import Sequence
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.worker import Worker

from perftui.model.analysis import Analysis, Recommendation
from perftui.model.plan import Plan
from perftui.model.redaction import redact
from perftui.model.snapshot import TargetState
from perftui.model.target import Connection
from perftui.tui.ask import plan_of_shape
from perftui.tui.formatting import duration
from perftui.tui.keys import Command, Context
from perftui.tui.lines import Line, Piece
from perftui.tui.screens.advice_document import item_blocks, overview_blocks
from perftui.tui.screens.advice_items import ItemList, items_of
from perftui.tui.screens.document import Block, Text, lay_out_blocks
from perftui.tui.screens.page import PageScreen
from perftui.tui.view import View
from perftui.tui.widgets.line_widget import LineWidget
from perftui.tui.work import AdviceWish

_TICK_S = 0.5
_NO_ADVICE = "No index would help what was seen, and nothing was refused: there was no query to judge."


class AdviceScreen(PageScreen):
    """`then_create`: go on to the question of creating it as soon as there is one answer."""

    CONTEXTS: ClassVar[tuple[Context, ...]] = ("advice", "details", "app")
    TITLE_FOR_HELP = "Advice"
    KEY_LINE: ClassVar[tuple[str, ...]] = (
        "back", "create_tagged", "dry_run", "explain_this", "rehearse", "copy_command", "item_tag", "export_advice",
        "search", "help",
    )  # fmt: skip
    DEFAULT_CSS = """
    AdviceScreen > #advice-list { height: 1; }
    """

    def __init__(
        self, connection: Connection, state: TargetState, wish: AdviceWish, *, then_create: bool = False
    ) -> None:
        super().__init__()
        self.connection, self.state, self.wish, self.then_create = connection, state, wish, then_create
        self.analysis: Analysis | None = None
        self.problem: str | None = None
        self.list = ItemList()
        self._at: float | None = None
        self._doing = "Reading the workload"
        self._since = 0.0
        self._asking: Worker[None] | None = None
        self._list = LineWidget(id="advice-list")

    def compose(self) -> ComposeResult:
        yield self._title
        yield self._list
        yield self.page
        yield self._keys

    def on_mount(self) -> None:
        super().on_mount()
        self.set_interval(_TICK_S, self._tick)
        known = self.perftui.advice.find(self.state.target.id, self.wish.ns)
        if known is not None and self.wish.command is None:
            self._take(known.analysis, known.at)
        else:
            self.ask()

    @property
    def asking(self) -> bool:
        return self._asking is not None and self._asking.is_running

    def ask(self, *, rehearse: bool = False) -> None:
        """Run the analysis, or the rehearsal, in the background; what was shown stays until the answer is there."""
        self.problem, self._since = None, time.monotonic()
        self._doing = "Reading the workload"
        self._asking = self._advise(rehearse)
        self.renew()

    @work(exclusive=True, group="advice", exit_on_error=False)
    async def _advise(self, rehearse: bool) -> None:
        work = self.perftui.work
        try:
            answer = await (work.rehearse if rehearse else work.advise)(self.connection, self.wish, self._tell)
        except Exception as error:  # whatever a client raises is told in words
            answer = f"There is no advice: {redact(str(error)) or type(error).__name__}"
        self._asking = None
        if isinstance(answer, str):
            self.problem = answer
            self.renew()
        else:
            now = time.time()
            self.perftui.advice.keep(self.state.target.id, self.wish.ns, answer, now)
            self._take(answer, now)
            if rehearse:
                measured = sum(one.basis == "rehearsed" for one in answer.recommendations)
                self.say(f"Rehearsed: {measured} of {len(answer.recommendations)} indexes are measured, see the notes.")

    def _take(self, analysis: Analysis, at: float) -> None:
        self.analysis, self._at = analysis, at
        self.list.show(items_of(analysis, self.wish.shape_id))
        self.renew()
        if self.then_create:
            self.then_create = False
            self.action_create_tagged()

    def _tell(self, doing: str) -> None:
        self._doing = doing

    def title_text(self) -> str:
        return f"Advice for {self.wish.ns} on {self.state.target.name}"

    def copied_text(self) -> str:
        return "\n".join(one.command for one in self.list.chosen())

    def say_time(self, view: View) -> Piece:
        if self._at is None:
            return super().say_time(view)
        return f"of {view.clock(self._at)} ", "normal"

    def offers(self, command: Command) -> bool:
        if command.name in {"create_tagged", "dry_run", "rehearse", "copy_command", "item_tag"}:
            has_index = any(item.recommendation is not None for item in self.list.items)
            return super().offers(command) and has_index
        if command.name == "export_advice":
            return self.analysis is not None
        return super().offers(command)

    def renew(self) -> None:
        if not self.is_mounted:
            return
        width = self.size.width
        most = max(self.size.height // 3 - 1, 1)
        lines = self.list.lines(width, most)
        self._list.styles.height = len(lines) + 1
        self._list.set_lines(lines)
        super().renew()

    def lay_out_page(self, width: int) -> list[Line]:
        blocks: list[Block] = []
        if self.asking:
            blocks.append(Text(self._say_asking(), role="accent", prose=True))
        if self.problem is not None:
            blocks.append(Text(self.problem, role="over", prose=True))
        item = self.list.current
        if self.analysis is not None:
            if item is not None:
                limits = self.perftui.settings.thresholds
                blocks += item_blocks(item, self.analysis, self._plan(item.shapes), limits)
            else:
                blocks.append(Text(_NO_ADVICE, prose=True))
            blocks += overview_blocks(self.analysis)
        return lay_out_blocks(blocks, width, folded=self._folded, utc=False)

    def _plan(self, shapes: tuple[str, ...]) -> Plan | None:
        """Today's plan of the first shape whose entry the digest keeps."""
        view = self._view
        return plan_of_shape(view, self.state.target.id, shapes) if view is not None else None

    def action_item_down(self) -> None:
        self._to(1)

    def action_item_up(self) -> None:
        self._to(-1)

    def action_item_first(self) -> None:
        self._to(-(10**6))

    def action_item_last(self) -> None:
        self._to(10**6)

    def action_item_tag(self) -> None:
        if not self.list.toggle_tag():
            self.say("Only an index can be tagged: this row advises none.")
        self._to(1)

    def action_item_untag(self) -> None:
        self.list.tags = set()
        self.renew()

    def action_advise_again(self) -> None:
        self.ask()

    def action_create_tagged(self) -> None:
        from perftui.tui.dialogs.create import open_create

        if self._is_early():
            return
        open_create(self.perftui, self.state, self.list.chosen(), self._mark_created)

    def _mark_created(self, created: Sequence[Recommendation]) -> None:
        self.list.created |= {one.name for one in created}
        self.list.tags = set()
        self.renew()

    def action_dry_run(self) -> None:
        from perftui.tui.dialogs.create import open_dry_run

        if self._is_early():
            return
        open_dry_run(self.perftui, self.state, self.list.chosen())

    def action_rehearse(self) -> None:
        from perftui.tui.dialogs.rehearse import open_rehearsal

        open_rehearsal(self.perftui, self)

    def action_copy_command(self) -> None:
        if self.copied_text():
            self.action_copy_text()
        else:
            self.say("There is no command to copy: this row advises no index.")

    def action_explain_this(self) -> None:
        """The plan of the shape that the item under the cursor is about."""
        from perftui.tui.ask import open_plan_of_shape

        item = self.list.current
        open_plan_of_shape(self.perftui, self.state, item.shapes if item is not None else ())

    def action_export_advice(self) -> None:
        if self.analysis is None:
            self.say("There is no analysis to write yet.")
            return
        from perftui.tui.export import write_analysis

        try:
            path = write_analysis(self.analysis)
        except OSError as error:
            self.say(f"Nothing was written: {error.strerror}.", "warning")
            return
        self.say(f"The analysis is written to {path}; perftui index apply takes it.")

    def action_back(self) -> None:
        """While an answer is awaited, Esc stops that first."""
        if self.asking and self._asking is not None:
            self._asking.cancel()
            self._asking, self.then_create = None, False
            self.problem = "Cancelled: nothing more is read. r asks again."
            self.renew()
            return
        super().action_back()

    def _to(self, step: int) -> None:
        self.list.move(step)
        self.page.top = 0
        self.renew()

    def _is_early(self) -> bool:
        """Whether there is no advice yet; says so."""
        early = self.asking and self.analysis is None
        if early:
            self.say("The advice is not there yet: wait for it, or Esc cancels it.")
        return early

    def _say_asking(self) -> str:
        running = duration(time.monotonic() - self._since)
        return f"{self._doing[:1].upper()}{self._doing[1:]} ... {running}. Esc cancels it."

    def _tick(self) -> None:
        if self.asking:
            self.renew()
