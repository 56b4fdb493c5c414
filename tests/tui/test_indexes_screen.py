"""Tab 7: collections, their indexes, builds on top, and the keys that change an index."""

from types import SimpleNamespace
from typing import Any

import pytest
from advice_samples import index_overview
from fakes import full_snapshots, replace_target
from frames import check_golden, text, until
from msgspec.structs import replace
from scripted_work import ScriptedWork, asking

from perftui.actions import abort_build
from perftui.actions.abort_build import AbortBuild
from perftui.actions.base import Outcome, Problem
from perftui.actions.drop_index import DropIndex
from perftui.actions.hide_index import HideIndex
from perftui.actions.index_action import IndexAction
from perftui.actions.index_entries import IndexEntry
from perftui.model.analysis import Analysis
from perftui.model.index import IndexBuild
from perftui.tui.dialogs import confirm
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.screens.details import DetailsScreen
from perftui.tui.screens.main import MainScreen
from perftui.tui.tables.indexes import IndexRow, done, grade_status, status

SIZES = {"80x24": (80, 24), "160x45": (160, 45)}
NOBODY = ScriptedWork(Analysis(source="profiler"))


@pytest.fixture
def hears(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dialogs listen at once."""
    monkeypatch.setattr(confirm, "DEAF_S", 0.0)


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[IndexAction]:
    """No server is there: every check passes, and whatever runs is kept."""
    kept: list[IndexAction] = []

    async def check(_action: IndexAction) -> tuple[Problem, ...]:
        return ()

    async def run(action: IndexAction) -> Outcome:
        kept.append(action)
        return Outcome(state="done", message="It is done.")

    for kind in (HideIndex, DropIndex, AbortBuild):
        monkeypatch.setattr(kind, "check", check)
        monkeypatch.setattr(kind, "run", run)
    monkeypatch.setattr(DropIndex, "undo_data", lambda _action: None)
    return kept


async def dialog(app: Any, pilot: Any) -> str:
    await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None)
    return text(app)


async def to_index(app: Any, pilot: Any, name: str) -> None:
    """Put the cursor on this index of shop.prompts."""
    await pilot.press("7", "escape", "enter", "g")
    await until(pilot, lambda: isinstance(app.screen.spec_row()[1], IndexRow))
    for _ in range(9):
        if app.screen.spec_row()[1].index.name == name:
            return
        await pilot.press("j")
    raise AssertionError(f"no {name}:\n{text(app)}")


@pytest.mark.parametrize("size", SIZES)
async def test_frame_of_one_collections_indexes(size: str) -> None:
    async with asking(NOBODY, "7", "enter", size=SIZES[size]) as (app, _pilot, _feed):
        check_golden(app, f"indexes-of-one-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_frame_of_an_index(size: str) -> None:
    async with asking(NOBODY, size=SIZES[size]) as (app, pilot, _feed):
        await to_index(app, pilot, "category_1")
        await pilot.press("enter")
        assert isinstance(app.screen, DetailsScreen)
        await pilot.pause()
        check_golden(app, f"details-index-{size}")


async def test_enter_goes_down_to_a_collections_indexes_and_escape_up() -> None:
    async with asking(NOBODY, "7", size=(120, 30)) as (app, pilot, _feed):
        assert "shop.users" in text(app)
        await pilot.press("enter")
        shown = text(app)
        assert "Indexes of shop.prompts" in shown
        assert "category_1_active_1" in shown
        assert "5 indexes on a busy collection." in shown
        await pilot.press("escape")
        assert "Indexes of" not in text(app)
        assert "shop.users" in text(app)


async def test_a_collection_offers_no_keys_of_an_index() -> None:
    async with asking(NOBODY, "7", size=(120, 30)) as (app, pilot, _feed):
        assert "H Hide" not in text(app)
        await pilot.press("enter")
        await until(pilot, lambda: "H Hide" in text(app) and "D Drop" in text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "H Hide" not in text(app))


async def test_tab_shows_the_indexes_of_all_collections() -> None:
    async with asking(NOBODY, "7", "tab", size=(120, 30)) as (app, _pilot, _feed):
        assert {row.ns for row in app.screen.table.model.rows} == {"shop.prompts", "shop.users"}


async def test_builds_stand_on_top_with_their_progress() -> None:
    waiting = replace(index_overview().builds[0], waits_for_quorum=True)
    many = (waiting, *(IndexBuild(ns=f"shop.c{number}", names=("a_1",)) for number in range(6)))
    snapshot = replace_target(full_snapshots(1)[0], "mongodb", indexes=replace(index_overview(), builds=many))
    async with asking(NOBODY, "7", size=(160, 30), snapshots=[snapshot]) as (app, _pilot, _feed):
        shown = text(app)
        assert "BUILDING shop.prompts category_1_active_1" in shown
        assert "45%" in shown
        assert "waits for the commit quorum" in shown
        assert "and 3 more builds" in shown


def test_a_row_says_what_matters_most() -> None:
    collection = index_overview().collections[0]
    rows = {index.name: IndexRow(collection, index) for index in collection.indexes}
    assert status(rows["_id_"]) is None
    assert status(rows["category_1"]) == "unused index^"
    assert status(rows["seen_1"]) == "hidden"
    assert status(rows["category_1_active_1"]) == "BUILDING"
    half = replace(rows["category_1_active_1"], build=index_overview().builds[0])
    assert status(half) == "BUILDING 45%"
    assert grade_status(rows["category_1"], None) == "warning"  # type: ignore[arg-type]
    assert done(IndexBuild(ns="", names=(), done=9, total=0)) is None
    assert done(IndexBuild(ns="", names=(), done=9, total=3)) == 1.0


@pytest.mark.usefixtures("hears")
class TestKeys:
    async def test_h_hides_and_shows_again(self, ran: list[IndexAction]) -> None:
        async with asking(NOBODY, size=(120, 40)) as (app, pilot, feed):
            await to_index(app, pilot, "category_1")
            await pilot.press("H")
            assert "Hide index category_1 of shop.prompts?" in await dialog(app, pilot)
            await pilot.press("y")
            await until(pilot, lambda: len(ran) == 1)
            await until(pilot, lambda: [event.kind for event in feed.told] == ["action.done"])
            await to_index(app, pilot, "seen_1")
            await pilot.press("H")
            assert "Unhide index seen_1" in await dialog(app, pilot)

    async def test_d_drops_only_after_the_name_was_typed(self, ran: list[IndexAction]) -> None:
        async with asking(NOBODY, size=(120, 40)) as (app, pilot, _feed):
            await to_index(app, pilot, "category_1")
            await pilot.press("D")
            assert "type this to let it run" in await dialog(app, pilot)
            await pilot.press("y", "enter")
            await until(pilot, lambda: isinstance(app.screen, MainScreen))
            assert ran == []
            await pilot.press("D")
            await dialog(app, pilot)
            await pilot.press("y", "backspace", *"category_", "tab", "enter")
            await pilot.pause()
            assert isinstance(app.screen, ConfirmDialog)
            assert ran == []
            await pilot.press("1")
            assert "that is it" in text(app)
            await pilot.press("enter")
            await until(pilot, lambda: len(ran) == 1)
        assert isinstance(ran[0], DropIndex)
        assert ran[0].index_name == "category_1"

    async def test_d_on_a_build_asks_to_abort_it(self, ran: list[IndexAction]) -> None:
        async with asking(NOBODY, size=(120, 40)) as (app, pilot, _feed):
            await to_index(app, pilot, "category_1_active_1")
            await pilot.press("D")
            assert "Abort the build of category_1_active_1" in await dialog(app, pilot)
            await pilot.press("y")
            await until(pilot, lambda: len(ran) == 1)

    async def test_d_on_one_index_of_a_build_of_several_names_them_all(
        self, ran: list[IndexAction], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        entries = [IndexEntry({"name": name}, build="1") for name in ("category_1_active_1", "b_1")]

        async def listed(*_arguments: object) -> list[IndexEntry]:
            return entries

        async def check(action: AbortBuild) -> tuple[Problem, ...]:
            reached: Any = SimpleNamespace(client=None)
            return tuple(await action.problems(reached, entries[0]))

        monkeypatch.setattr(abort_build, "list_indexes", listed)
        monkeypatch.setattr(AbortBuild, "check", check)
        async with asking(NOBODY, size=(120, 40)) as (app, pilot, _feed):
            await to_index(app, pilot, "category_1_active_1")
            await pilot.press("D")
            assert "Abort the build of category_1_active_1, b_1 on shop.prompts" in await dialog(app, pilot)
            await pilot.press("y")
            await until(pilot, lambda: len(ran) == 1)

    async def test_the_keys_work_on_an_opened_index_too(self, ran: list[IndexAction]) -> None:
        async with asking(NOBODY, size=(120, 40)) as (app, pilot, _feed):
            await to_index(app, pilot, "category_1")
            await pilot.press("enter", "H")
            assert "Hide index category_1" in await dialog(app, pilot)
            await pilot.press("escape", "D")
            assert "Drop index category_1" in await dialog(app, pilot)
        assert ran == []

    async def test_a_collection_is_no_index(self, ran: list[IndexAction]) -> None:
        for key in ("H", "D"):
            async with asking(NOBODY, "7", key) as (app, _pilot, _feed):
                assert "This works on an index" in text(app)
        assert ran == []

    async def test_read_only_takes_the_keys_away_and_refuses(self, ran: list[IndexAction]) -> None:
        async with asking(NOBODY, read_only=True, size=(120, 40)) as (app, pilot, _feed):
            await to_index(app, pilot, "category_1")
            line = text(app).splitlines()[-1]
            assert not {"Hide", "Drop", "Create", "Kill"} & set(line.split())
            for key in ("H", "D", "u", "P"):
                await pilot.press(key)
                await pilot.pause()
                assert "Read-only mode" in text(app)
        assert ran == []

    async def test_the_past_and_a_pause_are_no_time_to_act(self, ran: list[IndexAction]) -> None:
        async with asking(NOBODY, size=(120, 40)) as (app, pilot, _feed):
            await to_index(app, pilot, "category_1")
            await pilot.press("p", "D")
            assert "paused" in text(app).splitlines()[-1]
            await pilot.press("left_square_bracket", "H")
            assert "This is the past" in text(app).splitlines()[-1]
        assert ran == []
