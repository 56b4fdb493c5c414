"""While a slow server is checked: an offer that nobody pressed a key for refuses none, and no form opens in vain."""

import asyncio
from typing import Any

import pytest
from frames import text, until
from scripted_work import ScriptedWork, asking
from test_confirm_dialog import Scripted
from test_long_actions import left_by_a_killed_one
from test_one_question import SlowToCheck, is_asked

from perftui.actions.restore_profiling import RestoreProfiling
from perftui.actions.set_profiling import SetProfiling
from perftui.model.analysis import Analysis
from perftui.tui.dialogs import confirm
from perftui.tui.dialogs.flow import start_action
from perftui.tui.dialogs.profiling_form import ProfilingForm

NOBODY = ScriptedWork(Analysis(source="profiler"))


class SlowServer:
    """The check of whatever this is set as waits until the test lets it end."""

    def __init__(self) -> None:
        self.begun, self.may_answer = asyncio.Event(), asyncio.Event()

    async def check(self, _action: Any) -> tuple[()]:
        self.begun.set()
        await self.may_answer.wait()
        return ()


@pytest.fixture(autouse=True)
def hears(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs listen at once."""
    monkeypatch.setattr(confirm, "DEAF_S", 0.0)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> SlowServer:
    """What an earlier perftui left is checked on it; what is asked for now is not."""
    server = SlowServer()

    async def check_restoring(action: RestoreProfiling) -> tuple[()]:
        return await server.check(action)

    async def check_setting(_action: SetProfiling) -> tuple[()]:
        return ()

    monkeypatch.setattr(RestoreProfiling, "check", check_restoring)
    monkeypatch.setattr(SetProfiling, "check", check_setting)
    left_by_a_killed_one()
    return server


def verb_asked(app: Any) -> str | None:
    return app.screen.verb if is_asked(app) else None


class TestOfferAtTheStart:
    async def test_a_key_is_heard_while_it_checks_and_it_asks_afterwards(self, slow: SlowServer) -> None:
        async with asking(NOBODY, size=(120, 40)) as (app, pilot, _feed):
            await until(pilot, slow.begun.is_set)
            await pilot.press("3", "P")
            assert isinstance(app.screen, ProfilingForm)
            await pilot.press("enter")
            await until(pilot, lambda: verb_asked(app) == "Set it")
            await pilot.press("n")
            slow.may_answer.set()
            await until(pilot, lambda: verb_asked(app) == "Restore it")

    async def test_it_comes_after_a_question_that_was_asked_meanwhile(self, slow: SlowServer) -> None:
        async with asking(NOBODY) as (app, pilot, _feed):
            await until(pilot, slow.begun.is_set)
            start_action(app, Scripted(), "Clear it", read_only=False)
            await until(pilot, lambda: verb_asked(app) == "Clear it")
            slow.may_answer.set()
            for _ in range(5):
                await pilot.pause()
            assert [type(screen).__name__ for screen in app.screen_stack] == ["MainScreen", "ConfirmDialog"]
            assert verb_asked(app) == "Clear it"
            await pilot.press("n")
            await until(pilot, lambda: verb_asked(app) == "Restore it")


class TestProfilingFormUnderACheck:
    async def test_it_does_not_open_and_says_why(self) -> None:
        action = SlowToCheck()
        async with asking(NOBODY, "3") as (app, pilot, _feed):
            start_action(app, action, "Clear it", read_only=False)
            await pilot.press("P")
            assert [type(screen).__name__ for screen in app.screen_stack] == ["MainScreen"]
            await until(pilot, lambda: "Still checking on shop-prod" in text(app))
            action.may_check.set()
            await until(pilot, lambda: verb_asked(app) == "Clear it")

    async def test_it_opens_when_the_question_is_answered(self) -> None:
        action = SlowToCheck()
        async with asking(NOBODY, "3") as (app, pilot, _feed):
            start_action(app, action, "Clear it", read_only=False)
            action.may_check.set()
            await until(pilot, lambda: verb_asked(app) == "Clear it")
            await pilot.press("n", "P")
            assert isinstance(app.screen, ProfilingForm)
