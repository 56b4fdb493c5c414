"""One question at a time, never into the middle of typing; and why there is none can be read."""

import asyncio
from typing import Any

import pytest
from frames import text, until
from scripted_work import ScriptedWork, asking
from test_confirm_dialog import Scripted, asked, monitor
from textual import events

from perftui.actions.base import Outcome, Problem
from perftui.model.analysis import Analysis
from perftui.tui.dialogs import confirm
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.dialogs.dry_run import start_dry_run
from perftui.tui.dialogs.flow import start_action
from perftui.tui.dialogs.telling import show_only

NOBODY = ScriptedWork(Analysis(source="profiler"))
LONG = Problem(
    blocking=True,
    message="a voting member of the set does not answer: db3:27017. The default commit quorum would wait for ever.",
    help="Bring it back, or choose another one with --commit-quorum majority.",
)


class SlowToCheck(Scripted):
    """Its check ends when the test lets it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.may_check = asyncio.Event()

    async def check(self) -> tuple[Problem, ...]:
        await self.may_check.wait()
        return await super().check()


def is_asked(app: Any) -> bool:
    return isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs listen at once."""
    monkeypatch.setattr(confirm, "DEAF_S", 0.0)


@pytest.mark.usefixtures("hears")
class TestOneAtATime:
    async def test_nothing_else_is_asked_for_during_a_check(self) -> None:
        first, second = SlowToCheck(), Scripted()
        async with monitor() as (app, pilot):
            start_action(app, first, "Clear it", read_only=False)
            start_action(app, second, "Clear that", read_only=False)
            assert "Still checking on shop-prod" in text_after_painting(app)
            start_dry_run(app, second)
            first.may_check.set()
            await until(pilot, lambda: is_asked(app))
            assert [type(screen).__name__ for screen in app.screen_stack] == ["MainScreen", "ConfirmDialog"]
            assert app.screen.verb == "Clear it"
            await pilot.press("n")
            start_action(app, second, "Clear that", read_only=False)
            await until(pilot, lambda: is_asked(app) and app.screen.verb == "Clear that")

    async def test_nothing_else_is_asked_for_over_a_question(self) -> None:
        async with asked(Scripted()) as (app, pilot):
            start_action(app, Scripted(), "Clear that", read_only=False)
            for _ in range(5):
                await pilot.pause()
            assert [type(screen).__name__ for screen in app.screen_stack] == ["MainScreen", "ConfirmDialog"]
            assert app.screen.verb == "Clear it"

    async def test_an_outcome_closes_its_own_question_though_another_is_on_top(self) -> None:
        action = Scripted()
        action.may_end = asyncio.Event()
        async with asked(action) as (app, pilot):
            mine = app.screen
            await pilot.press("y")
            await until(pilot, lambda: mine.running)
            other = ConfirmDialog(Scripted(), (), "", show_only)
            await app.push_screen(other)
            action.may_end.set()
            await until(pilot, lambda: mine.left)
            assert app.screen is other
            await until(pilot, lambda: other._hears_from is not None)
            await pilot.press("escape")
            await until(pilot, lambda: app.screen not in (mine, other))
            assert len(app.screen_stack) == 1


class TestTyping:
    async def test_a_key_while_it_is_deaf_keeps_it_deaf(self) -> None:
        action = Scripted()
        async with asked(action) as (app, pilot):
            question, now = app.screen, app.screen._hears_from
            for number in range(6):
                key = events.Key("y", "y")
                key.time = now + 0.2 * number - 0.1
                question.post_message(key)
            await until(pilot, lambda: question._message_queue.empty())
            await pilot.pause()
            assert app.screen is question
            assert question._hears_from == pytest.approx(now + 0.9 + confirm.DEAF_S)
            assert not question.running
        assert action.ran == []

    @pytest.mark.usefixtures("hears")
    @pytest.mark.parametrize("opens", [("slash",), ("3", "enter", "slash")], ids=["filter", "search"])
    async def test_it_waits_while_a_text_is_typed(self, opens: tuple[str, ...]) -> None:
        action = SlowToCheck()
        async with asking(NOBODY, *opens) as (app, pilot, _feed):
            start_action(app, action, "Clear it", read_only=False)
            action.may_check.set()
            for letter in "inventory y":
                await pilot.press(letter if letter != " " else "space")
            typed = app.screen.bottom.prompt if len(app.screen_stack) == 1 else app.screen._typing
            assert typed == "inventory y"
            await pilot.press("enter")
            await until(pilot, lambda: is_asked(app))
        assert action.ran == []

    @pytest.mark.usefixtures("hears")
    async def test_it_waits_for_the_palette(self) -> None:
        async with monitor() as (app, pilot):
            await pilot.press("colon")
            await until(pilot, lambda: app.screen.query("CommandInput"))
            palette = app.screen
            start_action(app, Scripted(), "Clear it", read_only=False)
            await pilot.press("y", "e")
            assert app.screen is palette
            await pilot.press("escape")
            await until(pilot, lambda: is_asked(app))


class TestRefusal:
    @pytest.mark.usefixtures("hears")
    async def test_a_long_reason_is_in_a_box_to_be_closed_and_in_the_events(self) -> None:
        async with asking(NOBODY, size=(80, 24)) as (app, pilot, feed):
            start_action(app, Scripted(problems=(LONG,)), "Clear it", read_only=False)
            await until(pilot, lambda: "--commit-quorum majority" in text(app))
            shown = " ".join(text(app).replace("│", " ").split())
            for words in ("refused", "db3:27017", LONG.help, "Enter or Esc closes"):
                assert words in shown
            assert "take it back" not in shown
            assert [(event.kind, LONG.help in event.message) for event in feed.told] == [("action.refused", True)]
            await until(pilot, lambda: is_asked(app))
            await pilot.press("escape")
            assert len(app.screen_stack) == 1

    async def test_a_failed_check_is_among_the_events_too(self) -> None:
        action = Scripted()
        action.error = OSError("refused")
        async with asking(NOBODY) as (app, pilot, feed):
            start_action(app, action, "Clear it", read_only=False)
            await until(pilot, lambda: "Nothing was done: It failed: OSError." in text(app))
            assert [event.kind for event in feed.told] == ["action.failed"]

    async def test_a_short_one_waits_until_the_filter_is_typed(self) -> None:
        short = Problem(blocking=True, message="the operation has ended by itself.")
        async with asking(NOBODY, "slash", "a") as (app, pilot, feed):
            start_action(app, Scripted(problems=(short,)), "Kill it", read_only=False)
            await until(pilot, lambda: feed.told != [])
            await pilot.press("b")
            assert "has ended" not in str(app.screen.bottom._message)
            await pilot.press("enter")
            await until(pilot, lambda: "the operation has ended by itself." in text(app))

    @pytest.mark.usefixtures("hears")
    async def test_what_is_refused_in_the_end_can_be_read_whole(self) -> None:
        class Refused(Scripted):
            def choose(self, choice: str) -> "Refused":
                return Refused(choice)

        async def run(_action: Any, _confirmed: Any) -> Outcome:
            return Outcome(state="refused", message=f"Nothing was done: {LONG.message} {LONG.help}")

        async with asking(NOBODY, size=(80, 24)) as (app, pilot, _feed):
            start_action(app, Refused(), "Clear it", read_only=False, run=run)
            await until(pilot, lambda: is_asked(app))
            await pilot.press("y")
            await until(pilot, lambda: "--commit-quorum majority" in text(app))


def text_after_painting(app: Any) -> str:
    """The bottom line has it at once; the screen only after the next frame."""
    return str(app.screen.bottom.lines[0].pieces)
