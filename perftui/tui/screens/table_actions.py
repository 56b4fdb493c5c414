"""What the keys do to the table, and to the row under its cursor."""

from typing import TYPE_CHECKING, Any

from textual import events

from perftui.advice.contention.groups import GroupKey, OperationGroup, connection_value
from perftui.advice.contention.wait import Wait
from perftui.model.application import EndpointStats
from perftui.model.index import CollectionState
from perftui.model.operation import ConnectionGroup, OpenTransaction, Operation
from perftui.tui.formatting import count_rows

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp
    from perftui.tui.table_model import TableModel
    from perftui.tui.widgets.bottom_line import BottomLine
    from perftui.tui.widgets.live_table import LiveTable


_KILLABLE = (Operation, OperationGroup, OpenTransaction, Wait)


class TableActions:
    """Mixed into the main screen."""

    if TYPE_CHECKING:
        table: LiveTable
        bottom: BottomLine

        @property
        def perftui(self) -> "PerftuiApp": ...
        def say(self, text: str, state: str = "normal") -> bool: ...
        def spec_row(self) -> tuple[Any, Any]: ...
        def open_collection(self, ns: str | None) -> None: ...
        def open_group(self, key: GroupKey) -> None: ...

    def action_down(self) -> None:
        self._move(1)

    def action_up(self) -> None:
        self._move(-1)

    def action_page_down(self) -> None:
        self._move(self.table.body_height)

    def action_page_up(self) -> None:
        self._move(-self.table.body_height)

    def action_first(self) -> None:
        self._move(-(10**9))

    def action_last(self) -> None:
        self._move(10**9)

    def action_sort_next(self) -> None:
        self._sort(1)

    def action_sort_previous(self) -> None:
        self._sort(-1)

    def action_reverse(self) -> None:
        if (model := self._model) is not None:
            model.reverse()
            self.table.changed()

    def action_tag(self) -> None:
        if (model := self._model) is not None:
            model.toggle_tag()
            self._move(1)

    def action_untag(self) -> None:
        if (model := self._model) is not None:
            model.tags = set()
            self.table.changed()

    def action_full_text(self) -> None:
        model = self._model
        if model is None or model.spec.full_text is None:
            self.say("This table has no longer text.")
            return
        model.full_text = not model.full_text
        self.table.changed()

    def action_copy(self) -> None:
        """Copy the tagged rows' texts, else that of the row under the cursor."""
        model = self._model
        if model is None or model.row is None or model.view is None:
            self.say("There is no row to copy.")
            return
        from perftui.tui.export import row_text

        view = model.view
        rows = model.tagged_rows() or [model.row]
        self.perftui.copy("\n".join(row_text(model.spec, row, view) for row in rows))

    def action_export(self) -> None:
        model = self._model
        if model is None or model.view is None:
            return
        from perftui.tui.export import write_table

        try:
            paths = write_table(model.spec, model.rows, model.view)
        except OSError as error:
            self.say(f"Nothing was written: {error.strerror}.", "warning")
            return
        self.say(f"{count_rows(len(model.rows))} written to {paths[0]} and {paths[1].suffix}.")

    def action_open(self) -> None:
        spec, row = self.spec_row()
        if row is None:
            return
        if isinstance(row, CollectionState):
            self.open_collection(row.ns)
            return
        if isinstance(row, OperationGroup):
            self.open_group(row.key)
            return
        if isinstance(row, ConnectionGroup):
            self.open_group(GroupKey("connection", connection_value(row.client, row.app_name)))
            return
        if isinstance(row, EndpointStats):
            from perftui.tui.origin import has_queries

            if has_queries(self.perftui, row):
                self.perftui.open_queries_of((row.method, row.route))
                return
        self._open_details(spec, row)

    def action_details(self) -> None:
        spec, row = self.spec_row()
        if row is not None:
            self._open_details(spec, row)

    def action_origin(self) -> None:
        from perftui.tui.origin import open_origin

        open_origin(self.perftui, self.spec_row()[1])

    def _open_details(self, spec: Any, row: Any) -> None:
        from perftui.tui.screens.details import open_details

        if not open_details(self.perftui, spec, row):
            self.say("There is nothing more to show of this row.")

    def on_live_table_opened(self) -> None:
        self.action_open()

    def action_filter(self) -> None:
        if (model := self._model) is not None:
            self.bottom.open_prompt(model.filter.text)

    def type_filter(self, event: events.Key) -> None:
        """A key while the filter is being typed; the table follows every letter."""
        if event.key in {"enter", "escape"}:
            if event.key == "escape":
                self._filter("")
            self.bottom.close_prompt()
        elif event.key == "backspace" and not self.bottom.prompt:
            self.bottom.close_prompt()
        elif self.bottom.type_key(event):
            self._filter(self.bottom.prompt or "")

    def on_paste(self, event: events.Paste) -> None:
        if self.bottom.prompt is not None:
            self.bottom.insert(" ".join(event.text.split())[:500])
            self._filter(self.bottom.prompt)

    def action_explain(self) -> None:
        from perftui.tui.ask import open_plan

        open_plan(self.perftui, self.spec_row()[1])

    def action_advise(self) -> None:
        from perftui.tui.ask import open_advice

        open_advice(self.perftui, self.spec_row()[1])

    def action_create(self) -> None:
        from perftui.tui.dialogs.create import create_for

        create_for(self.perftui, self.spec_row()[1])

    def action_hide(self) -> None:
        from perftui.tui.dialogs.indexes import open_hide

        open_hide(self.perftui, self.spec_row()[1])

    def action_drop(self) -> None:
        from perftui.tui.dialogs.indexes import open_drop

        open_drop(self.perftui, self.spec_row()[1])

    def action_profiling(self) -> None:
        from perftui.tui.dialogs.profiling import open_profiling

        open_profiling(self.perftui, self.spec_row()[1])

    def action_kill(self) -> None:
        _, row = self.spec_row()
        target = self.perftui.view.target("mongodb") if self.perftui.view is not None else None
        if not isinstance(row, _KILLABLE) or target is None:
            self.say("Kill works on an operation, a group of them, or a transaction: tab 2, then K on its row.")
        elif self._may_act(target):
            from perftui.tui.dialogs.kill import open_kill_of

            open_kill_of(self.perftui, row, target)

    def action_clear(self) -> None:
        view = self.perftui.view
        kind = (
            "redis" if self.spec_row()[0] is not None and self.spec_row()[0].name.startswith("redis") else "application"
        )
        target = view.target(kind) or view.target("redis") if view is not None else None  # type: ignore[arg-type]
        if target is None:
            self.say("There are no metrics to clear: no application and no Redis is monitored.")
        elif self._may_act(target):
            from perftui.tui.dialogs.clear import open_clear

            open_clear(self.perftui, target)

    @property
    def _model(self) -> "TableModel | None":
        return self.table.model

    def _may_act(self, target: Any) -> bool:
        reason = self.perftui.read_only_reason(target)
        if reason is None and self.perftui.past:
            reason = "This is the past: Esc goes back to now, then act."
        if reason is not None:
            self.say(reason, "warning")
        return reason is None

    def _move(self, step: int) -> None:
        if (model := self._model) is not None:
            model.move_to(model.cursor + step)
            self.table.changed()

    def _sort(self, step: int) -> None:
        if (model := self._model) is not None:
            model.sort_step(step, self.table.columns)
            self.table.changed()

    def _filter(self, text: str) -> None:
        if (model := self._model) is not None:
            model.set_filter(text)
            self.table.changed()
