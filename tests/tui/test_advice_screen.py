"""Advice: asked for with a, listed above its reasons, tagged, copied, exported, and the way to the question."""

import json
from pathlib import Path
from typing import Any

import pytest
from advice_samples import HOSTILE, analysis, index_plan, recommendation
from frames import check_golden, text, until
from msgspec.structs import replace
from scripted_work import ScriptedWork, asking

from perftui.actions.base import Outcome, Problem
from perftui.actions.create_index import CreateIndexes
from perftui.model.analysis import AnalysedShape, Analysis, Declined, Suggestion
from perftui.model.finding import Finding
from perftui.tui.dialogs import confirm
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.screens.advice import AdviceScreen
from perftui.tui.screens.advice_items import ItemList, items_of
from perftui.tui.screens.details import DetailsScreen
from perftui.tui.screens.main import MainScreen
from perftui.tui.screens.plan import PlanScreen

SIZES = {"80x24": (80, 24), "160x45": (160, 45)}


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs listen at once."""
    monkeypatch.setattr(confirm, "DEAF_S", 0.0)


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> list[CreateIndexes]:
    """No server is there: every check passes with a remark, and whatever runs is kept."""
    ran: list[CreateIndexes] = []

    async def check(_action: CreateIndexes) -> tuple[Problem, ...]:
        return (Problem(blocking=False, message="The collection is busy now.", help="Wait for a quiet hour."),)

    async def run(action: CreateIndexes) -> Outcome:
        ran.append(action)
        return Outcome(state="done", message="It is created.")

    monkeypatch.setattr(CreateIndexes, "check", check)
    monkeypatch.setattr(CreateIndexes, "run", run)
    return ran


def hostile_analysis() -> Analysis:
    finding = Finding(code=HOSTILE, severity="critical", message=HOSTILE, advice=HOSTILE)
    return Analysis(
        source="logfile",
        shapes=(
            AnalysedShape(id="a1", ns=HOSTILE, op="find", shape=HOSTILE, findings=(finding,), plan_summary=HOSTILE),
        ),
        recommendations=(
            recommendation(
                ns=HOSTILE,
                keys=((HOSTILE, 1),),
                name=HOSTILE,
                reason=HOSTILE,
                command=HOSTILE,
                warnings=(HOSTILE,),
                supersedes=(HOSTILE,),
                options={HOSTILE: HOSTILE},
            ),
        ),
        declined=(Declined(ns=HOSTILE, shape="a1", reason=HOSTILE),),
        suggestions=(Suggestion(ns=HOSTILE, shape="?", message=HOSTILE),),
        notes=(HOSTILE,),
        lost_entries=None,
    )


@pytest.mark.parametrize("size", SIZES)
async def test_frame(size: str) -> None:
    async with asking(ScriptedWork(analysis()), "3", "a", size=SIZES[size]) as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.analysis is not None)
        await pilot.pause()
        app.screen._at = 1_795_442_551.0
        app.screen.renew()
        await pilot.pause()
        check_golden(app, f"advice-{size}")


@pytest.mark.parametrize(
    "keys", [("3", "enter", "a"), ("2", "a"), ("2", "enter", "a"), ("7", "a"), ("7", "enter", "a"), ("3", "e", "a")]
)
async def test_opens_from_cards_operations_indexes_and_plans(keys: tuple[str, ...]) -> None:
    work = ScriptedWork(index_plan(), analysis())
    async with asking(work, *keys) as (app, pilot, _feed):
        await until(pilot, lambda: isinstance(app.screen, AdviceScreen) and app.screen.analysis is not None)
        assert work.asked[-1].ns == "shop.prompts"


async def test_what_was_advised_is_found_again_and_r_asks_anew() -> None:
    work = ScriptedWork(analysis())
    async with asking(work, "3", "a", size=(160, 60)) as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.analysis is not None)
        await pilot.press("escape", "a")
        await until(pilot, lambda: isinstance(app.screen, AdviceScreen) and app.screen.analysis is not None)
        assert len(work.asked) == 1
        await pilot.press("r")
        await until(pilot, lambda: len(work.asked) == 2)
        await until(pilot, lambda: not app.screen.asking)
        await pilot.press("escape", "enter")
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))
        assert "{category: 1, active: 1, createdAt: -1}" in text(app)


async def test_the_cursor_goes_through_indexes_rewrites_and_refusals() -> None:
    async with asking(ScriptedWork(analysis()), "7", "a", size=(120, 40)) as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.analysis is not None)
        assert "Equality on category and active first" in text(app)
        assert "still sorted in memory" in text(app)
        await pilot.press("j")
        assert "A $text query failed" in text(app)
        await pilot.press("j")
        assert "CHANGE THE QUERY" in text(app)
        await pilot.press("G")
        assert "WHY NO INDEX" in text(app)
        await pilot.press("space")
        assert "Only an index can be tagged" in text(app)
        await pilot.press("y")
        assert "no command to copy" in text(app)


async def test_copies_the_command_and_exports_the_analysis(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with asking(ScriptedWork(analysis()), "3", "a") as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.analysis is not None)
        await pilot.press("y")
        assert app.clipboard == recommendation().command
        await pilot.press("E")
        await until(pilot, lambda: "is written to" in text(app))
    (written,) = tmp_path.glob("perftui-analysis-*.json")  # noqa: ASYNC240
    assert json.loads(written.read_text())["schema"] == "perftui.analysis/1"
    assert written.stat().st_mode & 0o777 == 0o600


@pytest.mark.usefixtures("hears")
async def test_rehearsal_says_what_comes_to_this_machine_and_asks() -> None:
    measured = replace(analysis(), recommendations=(recommendation(basis="rehearsed"),))
    work = ScriptedWork(analysis(), measured)
    async with asking(work, "3", "a", size=(160, 45)) as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.analysis is not None)
        await pilot.press("h")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        assert "copies a sample of the collection" in text(app)
        assert "are deleted at the end" in " ".join(text(app).replace("│", " ").split())
        assert len(work.asked) == 1
        await pilot.press("escape", "h")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("y")
        await until(pilot, lambda: len(work.asked) == 2)
        await until(pilot, lambda: "measured on a sample, rehearsed" in text(app))
        await until(pilot, lambda: "Rehearsed: 1 of 1 indexes are measured" in text(app))


async def test_e_explains_the_shape_that_an_index_serves() -> None:
    async with asking(ScriptedWork(index_plan(), analysis()), "3", "a") as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.analysis is not None)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(app.screen, PlanScreen))


class TestFailing:
    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            ("Nothing listens at db1:27017. Start mongod.", "Nothing listens at db1:27017."),
            (OSError("mongodb://root:hunter2@db1 is gone"), "There is no advice:"),
        ],
    )
    async def test_is_told_in_words(self, answer: Any, words: str) -> None:
        async with asking(ScriptedWork(answer), "3", "a") as (app, pilot, _feed):
            await until(pilot, lambda: words in text(app))
            assert "hunter2" not in text(app)

    async def test_nothing_found_is_said(self) -> None:
        async with asking(ScriptedWork(Analysis(source="profiler")), "3", "a") as (app, pilot, _feed):
            await until(pilot, lambda: "No index would help" in text(app))
            await pilot.press("A")
            assert "none to create" in text(app)

    async def test_shows_what_is_read_and_escape_cancels_it(self) -> None:
        work = ScriptedWork(analysis())
        work.may_answer.clear()
        async with asking(work, "3", "a") as (app, pilot, _feed):
            await until(pilot, lambda: "facts about shop.prompts" in text(app) or len(work.asked) == 1)
            await pilot.press("escape")
            await until(pilot, lambda: work.cancelled == 1)
            assert "Cancelled" in text(app)
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, MainScreen))

    async def test_hostile_advice_is_drawn_safely(self) -> None:
        async with asking(ScriptedWork(hostile_analysis()), "3", "a") as (app, pilot, _feed):
            await until(pilot, lambda: app.screen.analysis is not None)
            for key in ("j", "j", "pagedown", "k", "k", "w", "space"):
                await pilot.press(key)
                await pilot.pause()
                assert all(line.isprintable() for line in text(app).splitlines())
            for size in ((24, 8), (200, 60), (80, 24)):
                await pilot.resize_terminal(*size)
                await pilot.pause()

    async def test_the_past_and_a_recording_are_refused(self) -> None:
        work = ScriptedWork(analysis())
        async with asking(work, "3", "left_square_bracket", "a") as (app, _pilot, _feed):
            assert "This is the past" in text(app)
        async with asking(work, "3", "a", live=False) as (app, _pilot, _feed):
            assert "This is a recording" in text(app)
        assert work.asked == []


@pytest.mark.usefixtures("hears")
class TestCreating:
    async def test_the_tagged_ones_are_created_together(self, checked: list[CreateIndexes]) -> None:
        async with asking(ScriptedWork(analysis()), "3", "a", size=(120, 50)) as (app, pilot, feed):
            await until(pilot, lambda: app.screen.analysis is not None)
            await pilot.press("space", "space", "A")
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None)
            asked = text(app)
            assert "Create 2 indexes" in asked
            assert "The collection is busy now." in asked
            await pilot.press("y")
            await until(pilot, lambda: "It is created." in text(app))
            assert [event.kind for event in feed.told] == ["action.done"]
            await until(pilot, lambda: text(app).count(" created ") == 2)
        (ran,) = checked
        assert [spec.index_name for spec in ran.specs] == ["category_1_active_1_createdAt_-1", "title_text"]

    async def test_a_on_a_row_without_advice_asks_for_it_first(self, checked: list[CreateIndexes]) -> None:
        work = ScriptedWork(analysis())
        async with asking(work, "3", "A") as (app, pilot, _feed):
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None)
            assert "Create index" in text(app)
            assert len(work.asked) == 1
            await pilot.press("escape", "escape", "A")
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
            assert len(work.asked) == 1
        assert checked == []

    async def test_no_advice_for_a_row_is_said_with_its_reason(self) -> None:
        declined = Declined(ns="shop.prompts", shape="a1", reason="Half of the collection is read.")
        answer = Analysis(source="profiler", declined=(declined,))
        async with asking(ScriptedWork(answer), "3", "a") as (app, pilot, _feed):
            await until(pilot, lambda: app.screen.analysis is not None)
            await pilot.press("escape", "A")
            await until(pilot, lambda: "Half of the collection is read." in text(app).splitlines()[-1])

    async def test_a_dry_run_shows_and_changes_nothing(self, checked: list[CreateIndexes]) -> None:
        async with asking(ScriptedWork(analysis()), "3", "a", size=(120, 50), read_only=True) as (app, pilot, _feed):
            await until(pilot, lambda: app.screen.analysis is not None)
            await pilot.press("d")
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None)
            asked = text(app)
            assert "Dry run" in asked
            assert "would create index" in asked
            assert "Nothing was changed" in asked
            await pilot.press("tab", "y")
            await until(pilot, lambda: isinstance(app.screen, AdviceScreen))
        assert checked == []

    async def test_read_only_mode_offers_and_does_nothing(self, checked: list[CreateIndexes]) -> None:
        async with asking(ScriptedWork(analysis()), "3", "a", size=(120, 50), read_only=True) as (app, pilot, _feed):
            await until(pilot, lambda: app.screen.analysis is not None)
            assert "Create" not in text(app).splitlines()[-1]
            assert "Dry run" in text(app).splitlines()[-1]
            await pilot.press("A")
            assert "Read-only" in text(app)
        assert checked == []

    async def test_a_paused_screen_is_too_old_to_act_on(self, checked: list[CreateIndexes]) -> None:
        async with asking(ScriptedWork(analysis()), "3", "p", "A") as (app, _pilot, _feed):
            assert "paused" in text(app).splitlines()[-1]
        assert checked == []

    async def test_options_that_cannot_be_used_are_told(self) -> None:
        bad = replace(analysis(), recommendations=(recommendation(options={"a": {"$date": "never"}}),))
        async with asking(ScriptedWork(bad), "3", "a") as (app, pilot, _feed):
            await until(pilot, lambda: app.screen.analysis is not None)
            await pilot.press("A")
            await until(pilot, lambda: "cannot be created together" in text(app))


class TestItems:
    def test_what_was_asked_for_stands_first(self) -> None:
        assert [item.kind for item in items_of(analysis())] == ["index", "index", "rewrite", "none"]
        assert items_of(analysis(), "e5")[0].kind == "none"

    def test_cursor_and_tags_follow_the_thing(self) -> None:
        listed = ItemList()
        listed.show(items_of(analysis()))
        listed.move(1)
        listed.toggle_tag()
        listed.show(items_of(analysis(), "f6"))
        assert listed.cursor == 0
        assert [one.name for one in listed.chosen()] == ["title_text"]
        listed.show([])
        assert listed.chosen() == []
        assert listed.lines(80, 5) == []
