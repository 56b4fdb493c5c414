"""What several keys do that are read together: the first may close what the others were typed for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from frames import running, text, until
from msgspec.structs import replace
from scripted_work import ScriptedWork, asking
from test_confirm_dialog import Scripted, asked
from textual import events
from typed_ahead import post_keys

from perftui.model.analysis import Analysis
from perftui.model.settings import Settings
from perftui.tui.dialogs import confirm
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.dialogs.flow import start_action
from perftui.tui.dialogs.profiling_form import Choice, ProfilingForm
from perftui.tui.screens.details import DetailsScreen
from perftui.tui.screens.main import MainScreen
from perftui.tui.screens.timeline import TimelineScreen

NOBODY = ScriptedWork(Analysis(source="profiler"))


@pytest.fixture(autouse=True)
def hears(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs listen at once."""
    monkeypatch.setattr(confirm, "DEAF_S", 0.0)


async def all_done(app: Any, pilot: Any) -> None:
    """Until what was posted before has been done, by the app and by a dialog that it was handed to."""
    for _ in range(3):
        await pilot.pause()
    await until(pilot, lambda: app._message_queue.empty())


class TestQuestion:
    @pytest.mark.parametrize("no", ["n", "escape", "q", "enter"])
    async def test_after_no_a_yes_runs_nothing(self, no: str) -> None:
        action = Scripted()
        async with asked(action) as (app, pilot):
            post_keys(app, no, "y")
            await until(pilot, lambda: not isinstance(app.screen, ConfirmDialog))
            await all_done(app, pilot)
            assert app.running_actions == []
        assert action.ran == []

    async def test_after_no_a_click_on_yes_runs_nothing(self) -> None:
        action = Scripted()
        async with asked(action) as (app, pilot):
            question = app.screen
            question.post_message(events.Key("n", "n"))
            question.post_message(question._box.Clicked("confirm"))
            await until(pilot, lambda: not isinstance(app.screen, ConfirmDialog))
            await all_done(app, pilot)
        assert action.ran == []

    @pytest.mark.parametrize("keys", [("escape", "escape"), ("n", "n"), ("enter", "enter"), ("q", "escape", "n")])
    async def test_two_that_leave_close_the_question_only(self, keys: tuple[str, ...]) -> None:
        async with asking(NOBODY, "3", "enter") as (app, pilot, _feed):
            start_action(app, Scripted(), "Clear it", read_only=False)
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None)
            post_keys(app, *keys)
            await until(pilot, lambda: not isinstance(app.screen, ConfirmDialog))
            await all_done(app, pilot)
            assert isinstance(app.screen, DetailsScreen)

    async def test_two_that_leave_are_no_crash_where_nothing_else_is_open(self) -> None:
        action = Scripted()
        action.may_end.clear()
        async with asked(action) as (app, pilot):
            post_keys(app, "y", "escape", "escape")
            await until(pilot, lambda: "Not waiting any more" in text(app))
            action.may_end.set()
            await until(pilot, lambda: action.ran == ["api"])

    async def test_a_yes_behind_ctrl_c_runs_nothing(self) -> None:
        action = Scripted()
        async with asked(action) as (app, pilot):
            post_keys(app, "ctrl+c", "y")
            await until(pilot, lambda: not app.is_running)
        assert (action.ran, app.return_code) == ([], 130)


class TestForm:
    @asynccontextmanager
    async def opened(self) -> AsyncIterator[tuple[Any, Any, list[Choice]]]:
        chosen: list[Choice] = []
        async with asking(NOBODY, "3", "enter") as (app, pilot, _feed):
            await app.push_screen(ProfilingForm("shop", "db1", chosen.append))
            yield app, pilot, chosen

    async def test_after_escape_an_enter_asks_nothing(self) -> None:
        async with self.opened() as (app, pilot, chosen):
            post_keys(app, "escape", "enter")
            await until(pilot, lambda: not isinstance(app.screen, ProfilingForm))
            await all_done(app, pilot)
            assert chosen == []
            assert isinstance(app.screen, DetailsScreen)

    async def test_enter_twice_asks_once(self) -> None:
        async with self.opened() as (app, pilot, chosen):
            post_keys(app, "enter", "enter")
            await until(pilot, lambda: not isinstance(app.screen, ProfilingForm))
            await all_done(app, pilot)
            assert chosen == [Choice()]
            assert isinstance(app.screen, DetailsScreen)


async def test_escape_twice_closes_the_palette_and_no_page_below() -> None:
    async with asking(NOBODY, "3", "enter", "colon") as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.query("CommandInput"))
        post_keys(app, "escape", "escape")
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))
        await all_done(app, pilot)
        assert isinstance(app.screen, DetailsScreen)


class TestCtrlC:
    @pytest.mark.parametrize(
        "keys",
        [(), ("slash", "a"), ("3", "enter", "slash", "a"), ("3", "P"), ("colon",), ("S",), ("question_mark",)],
        ids=["main", "filter", "search", "form", "palette", "settings", "help"],
    )
    async def test_ends_it_from_everywhere(self, keys: tuple[str, ...]) -> None:
        async with asking(NOBODY, *keys) as (app, pilot, _feed):
            await pilot.press("ctrl+c")
            await until(pilot, lambda: not app.is_running)
            assert app.return_code == 130

    async def test_over_a_running_action_it_tells_what_goes_on(self) -> None:
        class Build(Scripted):
            def report_to(self, _tell: Any) -> None: ...

            def interrupted(self) -> str:
                return "The build goes on at the server."

            def choose(self, choice: str) -> "Build":
                other = Build(choice, shared=self.ran)
                other.may_end = self.may_end
                return other

        action = Build()
        action.may_end = asyncio.Event()
        async with asked(action) as (app, pilot):
            await pilot.press("y")
            await until(pilot, lambda: len(app.running_actions) == 1)
            await pilot.press("ctrl+c")
            await until(pilot, lambda: not app.is_running)
            assert app.return_code == 130
            assert any("goes on at the server" in str(one) for one in app._exit_renderables)

    async def test_a_letter_that_was_made_its_key_is_typed_into_a_filter(self) -> None:
        async with asking(NOBODY, "slash", "x", keys={"quit": "x"}) as (app, pilot, _feed):
            assert app.screen.bottom.prompt == "x"
            await pilot.press("escape", "x")
            await until(pilot, lambda: not app.is_running)
            assert app.return_code == 130


REBOUND = replace(Settings(utc=True), keys={"timeline": "f5,c", "pause": "ctrl+p"})


@pytest.mark.parametrize("keys", [("c", "q", "T", "4"), ("c", "q", "4"), ("T", "4"), ("c", "q", "c", "q", "T", "4")])
async def test_no_key_is_lost_where_a_screen_opens_and_closes(keys: tuple[str, ...]) -> None:
    async with running(settings=REBOUND) as (app, feed, pilot):
        post_keys(app, *keys)
        feed.play(replace(feed.kept[max(feed.kept)], sequence=max(feed.kept) + 1))
        await until(pilot, lambda: "METHOD ROUTE" in text(app))
        await all_done(app, pilot)
        assert isinstance(app.screen, MainScreen)
        assert app.screen.page.title == "Endpoints"


async def test_a_key_behind_the_one_that_leaves_a_screen_means_the_screen_below() -> None:
    async with running(settings=REBOUND) as (app, _feed, pilot):
        await pilot.press("c")
        await until(pilot, lambda: isinstance(app.screen, TimelineScreen))
        post_keys(app, "q", "T", "4")
        await until(pilot, lambda: "METHOD ROUTE" in text(app))
