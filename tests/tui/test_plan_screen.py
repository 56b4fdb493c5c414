"""The plan of a query: asked for with e, drawn, run for real only after a question, cancelled, refused."""

from typing import Any

import pytest
from advice_samples import hostile_plan, index_plan, scan_plan
from fakes import full_snapshots, only, replace_target
from frames import check_golden, text, until
from msgspec.structs import replace
from scripted_work import ScriptedWork, asking
from table_samples import digest_row, operation

from perftui.model.operation import OperationList
from perftui.model.query import QueryDigest
from perftui.tui.dialogs import confirm
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.screens.main import MainScreen
from perftui.tui.screens.plan import PlanScreen

SIZES = {"80x24": (80, 24), "160x45": (160, 45)}


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs listen at once."""
    monkeypatch.setattr(confirm, "DEAF_S", 0.0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", ["scan", "index"])
async def test_frame(name: str, size: str) -> None:
    plan = scan_plan() if name == "scan" else index_plan()
    async with asking(ScriptedWork(plan), "3", "e", size=SIZES[size]) as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.plan is not None)
        await pilot.pause()
        check_golden(app, f"plan-{name}-{size}")


async def test_asks_for_the_plan_only_and_with_a_limit() -> None:
    work = ScriptedWork(index_plan())
    async with asking(work, "3", "e") as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.plan is not None)
        ((verbosity, limit_ms, command),) = work.asked
        assert (verbosity, limit_ms) == ("queryPlanner", 5_000)
        assert command["find"] == "prompts"
        assert "$db" not in command


@pytest.mark.parametrize("keys", [("2", "e"), ("3", "enter", "e"), ("2", "enter", "e"), ("e",)])
async def test_opens_from_operations_cards_and_the_overview(keys: tuple[str, ...]) -> None:
    async with asking(ScriptedWork(index_plan()), *keys) as (app, pilot, _feed):
        await until(pilot, lambda: isinstance(app.screen, PlanScreen) and app.screen.plan is not None)


async def test_tab_goes_through_the_rejected_plans_and_back() -> None:
    async with asking(ScriptedWork(index_plan()), "3", "e", size=(100, 40)) as (app, pilot, _feed):
        await until(pilot, lambda: "WINNING PLAN" in text(app))
        await pilot.press("tab")
        assert "REJECTED PLAN 1 OF 2" in text(app)
        await pilot.press("tab")
        assert "REJECTED PLAN 2 OF 2" in text(app)
        await pilot.press("tab")
        assert "WINNING PLAN" in text(app)


async def test_the_winning_stays_beside_the_rejected_where_there_is_room() -> None:
    async with asking(ScriptedWork(index_plan()), "3", "e", size=(160, 45)) as (app, pilot, _feed):
        for number in (1, 2, 1):
            await until(pilot, lambda number=number: f"REJECTED PLAN {number} OF 2" in text(app))  # type: ignore[misc]
            assert "WINNING PLAN" in text(app)
            await pilot.press("tab")


async def test_v_shows_what_the_server_said_and_y_copies_it() -> None:
    async with asking(ScriptedWork(scan_plan()), "3", "e") as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.plan is not None)
        await pilot.press("v")
        assert "WHAT THE SERVER SAID" in text(app)
        assert '"winningPlan"' in text(app)
        await pilot.press("y")
        assert app.clipboard == scan_plan().raw
        await pilot.press("v")
        assert "WINNING PLAN" in text(app)


async def test_there_is_no_other_plan_to_go_to() -> None:
    async with asking(ScriptedWork(scan_plan()), "3", "e") as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.plan is not None)
        await pilot.press("tab")
        assert "no other plan" in text(app).splitlines()[-1]


@pytest.mark.usefixtures("hears")
class TestRunning:
    async def test_runs_only_after_it_was_confirmed(self) -> None:
        work = ScriptedWork(replace(index_plan(), raw="1"), scan_plan())
        async with asking(work, "3", "e") as (app, pilot, _feed):
            await until(pilot, lambda: app.screen.plan is not None)
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None)
            asked = text(app)
            for words in ("executionStats", "runs in full", "at most 30 s", "maxTimeMS: 30000", "shop-prod"):
                assert words in asked
            assert len(work.asked) == 1
            await pilot.press("y")
            await until(pilot, lambda: isinstance(app.screen, PlanScreen) and app.screen.plan == scan_plan())
            assert work.asked[1][:2] == ("executionStats", 30_000)
            assert "the read part was run" in text(app)

    async def test_no_means_nothing_is_run(self) -> None:
        work = ScriptedWork(index_plan())
        async with asking(work, "3", "e") as (app, pilot, _feed):
            await until(pilot, lambda: app.screen.plan is not None)
            await pilot.press("x")
            await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None)
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, PlanScreen))
        assert len(work.asked) == 1

    async def test_javascript_is_never_run(self) -> None:
        sleeping = operation(command='{"find":"prompts","filter":{"$where":"sleep(9)"},"$db":"shop"}')
        snapshot = replace_target(full_snapshots(1)[0], "mongodb", operations=OperationList(operations=(sleeping,)))
        work = ScriptedWork(index_plan())
        async with asking(work, "2", "e", snapshots=[snapshot]) as (app, pilot, _feed):
            await until(pilot, lambda: app.screen.plan is not None)
            await pilot.press("x")
            assert "JavaScript" in text(app).splitlines()[-1]
            assert isinstance(app.screen, PlanScreen)


class TestFailing:
    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            ("This login may not explain find on shop.prompts.", "may not explain find"),
            (OSError("mongodb://root:hunter2@db1 is gone"), "could not be explained"),
        ],
    )
    async def test_is_told_in_words_and_asked_again_with_r(self, answer: Any, words: str) -> None:
        work = ScriptedWork(answer, index_plan())
        async with asking(work, "3", "e") as (app, pilot, _feed):
            await until(pilot, lambda: words in text(app))
            assert "hunter2" not in text(app)
            await pilot.press("r")
            await until(pilot, lambda: "WINNING PLAN" in text(app) and words not in text(app))

    async def test_escape_cancels_first_and_leaves_then(self) -> None:
        work = ScriptedWork(index_plan())
        work.may_answer.clear()
        async with asking(work, "3", "e") as (app, pilot, _feed):
            await until(pilot, lambda: len(work.asked) == 1)
            assert "Esc cancels it" in text(app)
            await pilot.press("escape")
            await until(pilot, lambda: work.cancelled == 1)
            assert isinstance(app.screen, PlanScreen)
            assert "Cancelled" in text(app)
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, MainScreen))

    async def test_a_hostile_plan_is_drawn_safely(self) -> None:
        async with asking(ScriptedWork(hostile_plan()), "3", "e") as (app, pilot, _feed):
            await until(pilot, lambda: app.screen.plan is not None)
            for key in ("v", "v", "tab", "G", "w"):
                await pilot.press(key)
                await pilot.pause()
                assert all(line.isprintable() for line in text(app).splitlines())
            for size in ((24, 8), (200, 60), (80, 24)):
                await pilot.resize_terminal(*size)
                await pilot.pause()


class TestRefusing:
    async def said(self, *keys: str, **changes: Any) -> str:
        work = ScriptedWork(index_plan())
        async with asking(work, *keys, **changes) as (app, pilot, _feed):
            await pilot.pause()
            assert work.asked == []
            assert not isinstance(app.screen, PlanScreen)
            return text(app).splitlines()[-1]

    async def test_the_past_and_a_recording(self) -> None:
        assert "This is the past" in await self.said("3", "left_square_bracket", "e")
        assert "This is a recording" in await self.said("3", "e", live=False)

    async def test_rows_that_are_no_queries(self) -> None:
        assert "Only a query has a plan" in await self.said("6", "e")

    async def test_a_shape_of_which_no_entry_is_kept(self) -> None:
        digest = QueryDigest(read_from="profiler", rows=(digest_row(slowest=None),))
        snapshot = replace_target(full_snapshots(1)[0], "mongodb", queries=digest)
        assert "No whole entry" in await self.said("3", "e", snapshots=[snapshot])

    async def test_the_row_of_all_other_shapes(self) -> None:
        digest = QueryDigest(read_from="profiler", rows=(digest_row(overflow=True),))
        snapshot = replace_target(full_snapshots(1)[0], "mongodb", queries=digest)
        assert "stands for many shapes" in await self.said("3", "e", snapshots=[snapshot], size=(160, 30))

    async def test_no_connection_and_no_mongodb(self) -> None:
        assert "no connection to shop-prod" in await self.said("3", "e", connections=())
        host = only(full_snapshots(1)[0], "host")
        assert "Only a query" in await self.said("e", snapshots=[host])
