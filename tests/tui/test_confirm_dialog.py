"""The question before a server is changed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fakes import FakeFeed, full_snapshots
from frames import check_golden, text, until
from msgspec.structs import replace
from table_samples import MONGO
from textual import events
from textual.pilot import Pilot

from perftui.actions.base import UNDO_COMMAND, Description, Outcome, Problem
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.target import Connection
from perftui.tui.app import PerftuiApp
from perftui.tui.dialogs import confirm
from perftui.tui.dialogs.box import Asked, lay_out
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.dialogs.confirm_box import ConfirmBox
from perftui.tui.dialogs.flow import find_connection, refuse, start_action
from perftui.tui.dialogs.kill import open_kill

CONNECTION = Connection(target=MONGO, uri=Secret("mongodb://root:hunter2@db1:27017"))


class Scripted:
    """An action without a server: says what it is told to, and keeps what was asked of it."""

    name = "scripted"

    def __init__(self, choice: str = "api", *, problems: tuple[Problem, ...] = (), shared: list[str] | None = None):
        self.target, self.connection = MONGO, CONNECTION
        self.choice, self.problems = choice, problems
        self.ran: list[str] = [] if shared is None else shared
        self.may_end = asyncio.Event()
        self.may_end.set()
        self.error: Exception | None = None

    async def check(self) -> tuple[Problem, ...]:
        if self.error is not None:
            raise self.error
        return self.problems

    def describe(self) -> Description:
        return Description(
            title="Clear the metrics of shop",
            command=f'POST http://app:8000/perftui/v1/metrics:clear {{"type": "{self.choice}"}}',
            host="shop-prod",
            role="PRIMARY",
            consequences=("The figures start again at 0, for every reader of this document.",),
            choices=("api", "query", "all"),
        )

    def choose(self, choice: str) -> "Scripted":
        other = Scripted(choice, problems=self.problems, shared=self.ran)
        other.may_end = self.may_end
        return other

    async def run(self) -> Outcome:
        await self.may_end.wait()
        self.ran.append(self.choice)
        return Outcome(state="done", message="It is done.")

    def explain(self, error: BaseException) -> str:
        return f"It failed: {type(error).__name__}."


@asynccontextmanager
async def monitor(size: tuple[int, int] = (100, 30), **changes: Any) -> AsyncIterator[tuple[Any, Pilot[Any]]]:
    settings = replace(Settings(utc=True, connections=(CONNECTION,)), **changes)
    app = PerftuiApp(FakeFeed(full_snapshots(60), settings=settings), settings)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.view is not None)
        yield app, pilot


@asynccontextmanager
async def asked(
    action: Scripted, size: tuple[int, int] = (100, 30), **changes: Any
) -> AsyncIterator[tuple[Any, Pilot[Any]]]:
    async with monitor(size, **changes) as (app, pilot):
        start_action(app, action, "Clear it", read_only=False)
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None)
        yield app, pilot


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> None:
    """The dialog listens at once."""
    monkeypatch.setattr(confirm, "DEAF_S", 0.0)


@pytest.mark.parametrize(
    ("undo", "shown"),
    [
        (f"{UNDO_COMMAND} drops it again.", "- To take it back: u, or perftui index undo drops it again."),
        ("nothing is to be done.", "- To take it back: nothing is to be done."),
        (None, "- This cannot be undone."),
    ],
)
def test_names_the_key_beside_the_command_that_takes_it_back(undo: str | None, shown: str) -> None:
    lines = lay_out(replace(Scripted().describe(), undo=undo), (), 100, Asked())
    assert shown in ["".join(part for part, _ in line) for line in lines]


@pytest.mark.usefixtures("hears")
class TestAsking:
    @pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=lambda size: f"{size[0]}x{size[1]}")
    async def test_frame(self, size: tuple[int, int]) -> None:
        problem = Problem(blocking=False, message="Another reader is connected.", help="Ask its owner.")
        async with asked(Scripted(problems=(problem,)), size) as (app, pilot):
            await until(pilot, lambda: "Clear it" in text(app))
            check_golden(app, f"confirm-{size[0]}x{size[1]}")

    async def test_names_host_role_command_and_that_there_is_no_undo(self) -> None:
        async with asked(Scripted()) as (app, _pilot):
            shown = text(app)
            for words in ("shop-prod", "PRIMARY", "metrics:clear", "cannot be undone", "Clear the metrics of shop?"):
                assert words in shown
            assert "hunter2" not in shown

    async def test_stands_on_cancel(self) -> None:
        action = Scripted()
        async with asked(action) as (app, pilot):
            await pilot.press("enter")
            await until(pilot, lambda: not isinstance(app.screen, ConfirmDialog))
        assert action.ran == []

    @pytest.mark.parametrize("key", ["escape", "n", "q"])
    async def test_leaves_without_doing_anything(self, key: str) -> None:
        action = Scripted()
        async with asked(action) as (app, pilot):
            await pilot.press(key)
            assert not isinstance(app.screen, ConfirmDialog)
        assert action.ran == []

    @pytest.mark.parametrize("keys", [("tab", "enter"), ("right", "enter"), ("y",)])
    async def test_runs_what_was_confirmed_and_tells(self, keys: tuple[str, ...]) -> None:
        action = Scripted()
        async with asked(action) as (app, pilot):
            await pilot.press(*keys)
            await until(pilot, lambda: action.ran == ["api"])
            await until(pilot, lambda: "It is done." in text(app))

    async def test_another_choice_is_another_command_and_stands_on_cancel_again(self) -> None:
        action = Scripted()
        async with asked(action) as (app, pilot):
            await pilot.press("tab", "down")
            assert app.screen.button == "cancel"
            assert '"query"' in text(app)
            await pilot.press("up", "up", "y")
            await until(pilot, lambda: action.ran == ["all"])

    async def test_a_click_presses_a_button(self) -> None:
        action = Scripted()
        async with asked(action) as (app, pilot):
            box = app.screen.query_one(ConfirmBox)
            button = next(one for one in box.buttons if one.name == "confirm")
            await pilot.click(box, offset=(button.left + 1, button.y))
            await until(pilot, lambda: action.ran == ["api"])

    async def test_escape_while_it_runs_stops_waiting_only(self) -> None:
        action = Scripted()
        action.may_end.clear()
        async with asked(action) as (app, pilot):
            await pilot.press("y")
            await until(pilot, lambda: "Esc stops waiting" in text(app))
            await pilot.press("enter", "y")
            await pilot.press("escape")
            assert "Not waiting any more" in text(app)
            action.may_end.set()
            await until(pilot, lambda: action.ran == ["api"])
            await until(pilot, lambda: "It is done." in text(app))

    async def test_survives_any_size(self) -> None:
        async with asked(Scripted()) as (app, pilot):
            for size in ((24, 8), (200, 60), (80, 24)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
            assert "Cancel" in text(app)


class TestDeafness:
    async def test_keys_typed_ahead_and_pasted_answer_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(confirm, "DEAF_S", 3600.0)
        action = Scripted()
        async with asked(action) as (app, pilot):
            await pilot.press("y", "enter", "tab", "enter", "escape")
            app.screen.post_message(events.Paste("y\n"))
            await pilot.pause()
            assert isinstance(app.screen, ConfirmDialog)
            assert app.screen.button == "cancel"
        assert action.ran == []

    async def test_a_key_counts_from_when_it_was_typed_not_from_when_it_is_read(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(confirm, "DEAF_S", 0.0)
        action = Scripted()
        async with asked(action) as (app, pilot):
            early = events.Key("y", "y")
            early.time = app.screen._hears_from - 0.001
            app.screen.post_message(early)
            await pilot.pause()
            assert action.ran == []
            assert isinstance(app.screen, ConfirmDialog)

    @pytest.mark.usefixtures("hears")
    async def test_a_paste_is_never_an_answer(self) -> None:
        action = Scripted()
        async with asked(action) as (app, pilot):
            app.screen.post_message(events.Paste("y"))
            await pilot.pause()
            assert isinstance(app.screen, ConfirmDialog)
        assert action.ran == []


class TestRefusing:
    async def test_a_check_that_blocks_asks_nothing(self) -> None:
        blocking = Problem(blocking=True, message="the operation has ended by itself.")
        async with monitor() as (app, pilot):
            start_action(app, Scripted(problems=(blocking,)), "Kill it", read_only=False)
            await until(pilot, lambda: "Nothing was done: the operation has ended" in text(app))
            assert not isinstance(app.screen, ConfirmDialog)

    async def test_a_check_that_fails_is_told_in_words(self) -> None:
        action = Scripted()
        action.error = OSError("mongodb://root:hunter2@db1 refused")
        async with monitor() as (app, pilot):
            start_action(app, action, "Kill it", read_only=False)
            await until(pilot, lambda: "Nothing was done: It failed: OSError." in text(app))
            assert "hunter2" not in text(app)

    @pytest.mark.usefixtures("hears")
    async def test_read_only_settings_hold_to_the_very_end(self) -> None:
        action = Scripted()
        async with monitor() as (app, pilot):
            start_action(app, action, "Clear it", read_only=True)
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
            await until(pilot, lambda: app.screen._hears_from is not None)
            await pilot.press("y")
            await until(pilot, lambda: "read-only" in text(app))
        assert action.ran == []

    async def test_words_for_the_past_a_recording_read_only_and_no_connection(self) -> None:
        async with monitor() as (app, _pilot):
            view = app.view
            state = view.targets("mongodb")[0]
            assert refuse(app, view, state) is None
            assert "Read-only" in (refuse(app, view, replace(state, read_only=True)) or "")
            other = replace(state, target=replace(state.target, id="mongodb://elsewhere", group=None))
            assert "no connection" in (refuse(app, view, other) or "")
            app.past = True
            assert "past" in (refuse(app, view, state) or "")
            app.past, app.feed.live = False, False
            assert "recording" in (refuse(app, view, state) or "")

    async def test_what_is_no_clients_operation_is_never_offered(self) -> None:
        async with monitor() as (app, pilot):
            state = app.view.targets("mongodb")[0]
            for operation in state.operations.operations:
                if operation.killable and operation.opid is not None:
                    continue
                open_kill(app, operation, state)
                await pilot.pause()
                assert not isinstance(app.screen, ConfirmDialog)

    def test_a_member_is_reached_through_its_set(self) -> None:
        seeds = replace(CONNECTION, target=replace(MONGO, id="shop", group=None))
        assert find_connection(Settings(connections=(seeds,)), MONGO) is seeds
        assert find_connection(Settings(), MONGO) is None
