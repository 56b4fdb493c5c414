"""Details, opened from their tables by the keys that people press."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fakes import FakeFeed, full_snapshots, replace_target
from frames import check_golden, text, until
from textual.pilot import Pilot

from perftui.model.operation import OperationList
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.details import DetailsScreen

SIZES = {"80x24": (80, 24), "160x45": (160, 45)}
KINDS = {
    "operation": ("2", "enter"),
    "shape": ("3", "enter"),
    "application-query": ("3", "tab", "enter"),
    "endpoint": ("4", "enter"),
    "redis-command": ("5", "enter"),
    "redis-slow": ("5", "tab", "enter"),
    "process": ("6", "enter"),
    "source": ("6", "tab", "enter"),
    "event": ("8", "enter"),
    "cache": ("9", "enter"),
    "member": ("2", "tab", "enter"),
}


@asynccontextmanager
async def monitor(
    keys: tuple[str, ...], size: tuple[int, int] = (100, 30)
) -> AsyncIterator[tuple[Any, Pilot[Any], Any]]:
    feed = FakeFeed(full_snapshots(60))
    app = PerftuiApp(feed, feed.settings)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.view is not None)
        await pilot.press(*keys)
        await pilot.pause()
        yield app, pilot, feed


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", KINDS)
async def test_frame(kind: str, size: str) -> None:
    async with monitor(KINDS[kind], SIZES[size]) as (app, _pilot, _feed):
        assert isinstance(app.screen, DetailsScreen)
        check_golden(app, f"details-{kind}-{size}")


async def test_leaves_with_q_and_with_escape() -> None:
    async with monitor(("3", "enter")) as (app, pilot, _feed):
        await pilot.press("q")
        assert not isinstance(app.screen, DetailsScreen)
        await pilot.press("enter", "escape")
        assert not isinstance(app.screen, DetailsScreen)


async def test_scrolls_by_line_page_and_end() -> None:
    async with monitor(("3", "enter"), (80, 16)) as (app, pilot, _feed):
        page = app.screen.page
        await pilot.press("j", "j", "k")
        assert page.top == 1
        await pilot.press("G")
        assert page.top == page.last_top > 0
        assert '"millis": 201' in text(app)
        await pilot.press("pageup", "g")
        assert page.top == 0


async def test_searches_and_goes_round_the_matches() -> None:
    async with monitor(("3", "enter"), (80, 16)) as (app, pilot, _feed):
        await pilot.press("slash", *"createdat")
        page = app.screen.page
        assert len(page.matches) == 4
        assert "/createdat" in text(app)
        assert "1 of 4" in text(app)
        await pilot.press("enter", "n", "n", "n")
        assert "4 of 4" in text(app)
        await pilot.press("n")
        assert "1 of 4" in text(app)
        await pilot.press("N")
        assert "4 of 4" in text(app)
        await pilot.press("escape")
        assert not page.matches
        assert isinstance(app.screen, DetailsScreen)


async def test_says_when_nothing_is_found() -> None:
    async with monitor(("3", "enter")) as (app, pilot, _feed):
        await pilot.press("slash", *"zzz")
        assert "not found" in text(app)
        await pilot.press("escape")
        assert "not found" not in text(app)


async def test_copies_the_whole_entry_and_folds() -> None:
    async with monitor(("3", "enter")) as (app, pilot, _feed):
        await pilot.press("y")
        assert '"docsExamined":50000' in app.clipboard
        assert "Copied" in text(app)
        before = app.screen._folded
        await pilot.press("w")
        assert app.screen._folded is not before


async def test_follows_its_operation_and_says_when_it_is_gone() -> None:
    async with monitor(("2", "enter")) as (app, pilot, feed):
        opid = app.screen.row.opid
        assert f"Operation {opid}" in text(app)
        last = app.latest
        assert last is not None
        feed.play(replace_target(full_snapshots(61)[-1], "mongodb", operations=OperationList()))
        await until(pilot, lambda: app.screen.gone)
        assert f"Operation {opid}" in text(app)
        assert "gone, last seen" in text(app)
        await pilot.press("K")
        assert "no operation to kill" in text(app)


async def test_survives_any_size() -> None:
    async with monitor(("4", "enter")) as (app, pilot, _feed):
        for size in ((20, 5), (250, 70), (40, 10), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert isinstance(app.screen, DetailsScreen)
