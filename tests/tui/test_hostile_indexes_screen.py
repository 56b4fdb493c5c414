"""Names of indexes and collections that would break a terminal, in tables, details and dialogs; a proof by keys."""

import re
from typing import Any

import pytest
from fakes import full_snapshots, replace_target
from frames import text, until
from msgspec.structs import replace
from scripted_work import ScriptedWork, asking
from table_samples import hostile_snapshot
from test_proof_card import proof

from perftui.actions.base import Problem
from perftui.actions.drop_index import DropIndex
from perftui.actions.hide_index import HideIndex
from perftui.model.analysis import Analysis
from perftui.model.index import IndexOverview
from perftui.model.snapshot import Snapshot
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.lines import cells
from perftui.tui.screens.details import DetailsScreen
from perftui.tui.tables.indexes import IndexRow

NOBODY = ScriptedWork(Analysis(source="profiler"))
UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\udc80-\udcff]")


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server is there: every check finds something to say about these names."""

    async def check(action: Any) -> tuple[Problem, ...]:
        return (Problem(blocking=False, message=f"{action.ns} {action.index_name} is used.", help=action.ns),)

    for kind in (HideIndex, DropIndex):
        monkeypatch.setattr(kind, "check", check)


def hostile(*, building: bool) -> Snapshot:
    state = next(state for state in hostile_snapshot().targets if state.indexes is not None)
    overview: IndexOverview = state.indexes or IndexOverview()
    collections = tuple(
        replace(one, indexes=tuple(replace(index, building=building) for index in one.indexes))
        for one in overview.collections
    )
    return replace_target(full_snapshots(1)[0], "mongodb", indexes=replace(overview, collections=collections))


def check(app: Any, width: int) -> None:
    shown = text(app)
    assert app._exception is None
    assert UNSAFE.search(shown) is None
    assert max(map(cells, shown.splitlines())) <= width


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_whatever_an_index_is_called_the_terminal_only_sees_text(size: tuple[int, int]) -> None:
    for building in (True, False):
        async with asking(NOBODY, size=size, snapshots=[hostile(building=building)]) as (app, pilot, _feed):
            for keys in (("7",), ("tab",), ("tab", "enter"), ("w",), ("w", "enter"), ("w",), ("escape",)):
                await pilot.press(*keys)
                await pilot.pause()
                check(app, size[0])
            await until(pilot, lambda: isinstance(app.screen.spec_row()[1], IndexRow))
            for key in () if building else ("H", "D"):
                await pilot.press(key)
                await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
                await pilot.pause()
                check(app, size[0])
                await pilot.press("pagedown")
                await pilot.pause()
                check(app, size[0])
                await until(pilot, lambda: app.screen._hears_from is not None)
                app.screen.dismiss()
                await until(pilot, lambda: not isinstance(app.screen, ConfirmDialog))


async def test_the_proof_of_an_index_is_on_its_details_by_keys() -> None:
    snapshot = replace_target(full_snapshots(1)[0], "mongodb", proofs=(proof("a1", "no difference"),))
    async with asking(NOBODY, "7", "enter", "g", size=(160, 45), snapshots=[snapshot]) as (app, pilot, _feed):
        await until(pilot, lambda: isinstance(app.screen.spec_row()[1], IndexRow))
        while app.screen.spec_row()[1].index.name != "category_1":
            await pilot.press("j")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DetailsScreen))
        shown = text(app)
        for words in ("PROOF OF category_1", "before", "after", "no difference: documents 50,000 to 50,000"):
            assert words in shown, words
        assert "u takes back the last change of an index" in shown
