"""`T`: the cursor, the windows, the events."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fakes import FakeFeed, full_snapshot, full_snapshots
from frames import check_golden, text, until
from textual.pilot import Pilot

from perftui.tui.app import PerftuiApp
from perftui.tui.screens.timeline import TimelineScreen


@asynccontextmanager
async def timeline(size: tuple[int, int] = (120, 32)) -> AsyncIterator[tuple[Any, Pilot[Any], Any]]:
    feed = FakeFeed(full_snapshots(300))
    app = PerftuiApp(feed, feed.settings)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.view is not None)
        await pilot.press("T")
        await until(pilot, lambda: isinstance(app.screen, TimelineScreen) and bool(app.screen.rows))
        yield app, pilot, feed


@pytest.mark.parametrize("size", [(80, 24), (160, 45)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_frame(size: tuple[int, int]) -> None:
    async with timeline(size) as (app, pilot, _feed):
        check_golden(app, f"timeline-{size[0]}x{size[1]}")
        await pilot.press("N", "N")
        check_golden(app, f"timeline-at-an-event-{size[0]}x{size[1]}")


async def test_the_cursor_shows_the_values_of_its_moment() -> None:
    async with timeline() as (app, pilot, _feed):
        await pilot.press("g")
        screen = app.screen
        first = screen.rows[0].columns[0]
        assert screen.column == 0
        assert screen.rows[0].show(first) in text(app)
        await pilot.press("l", "l", "h")
        assert screen.column == 1
        await pilot.press("end")
        assert screen.cursor_at is None
        assert ", now" in text(app)


async def test_the_cursor_stays_on_its_moment_while_time_goes_on() -> None:
    async with timeline() as (app, pilot, feed):
        await pilot.press("left", "left", "H")
        at, column = app.screen.cursor_at, app.screen.column
        for sequence in range(301, 331):
            feed.play(full_snapshot(sequence))
        await until(pilot, lambda: app.view.snapshot.sequence == 330)
        assert app.screen.cursor_at == at
        assert app.screen.column < column


async def test_windows_change_with_their_keys() -> None:
    async with timeline() as (app, pilot, _feed):
        await pilot.press("plus")
        assert app.screen.window_s == 120.0
        assert "last 2m00s" in text(app)
        await pilot.press("minus", "minus")
        assert app.screen.window_s == 900.0
        await pilot.press("W")
        assert app.screen.window_s == 3600.0
        assert app.window_s == 300.0


async def test_goes_from_event_to_event() -> None:
    async with timeline() as (app, pilot, _feed):
        await pilot.press("N")
        assert "Redis is back." in text(app)
        await pilot.press("N", "N")
        assert "GET /api/prompts: p95 is 1184 ms" in text(app)
        await pilot.press("n")
        assert "Redis is gone." in text(app)
        await pilot.press("G", "n")
        assert "There is no later event." in text(app)


async def test_a_click_puts_the_cursor() -> None:
    async with timeline() as (app, pilot, _feed):
        await pilot.click(offset=(40, 5))
        assert app.screen.column == 40 - 21


async def test_scrolls_its_rows_on_a_small_screen_and_survives_any_size() -> None:
    async with timeline((80, 12)) as (app, pilot, _feed):
        await pilot.press("j", "j")
        assert app.screen.top == 2
        await pilot.press("k", "k", "k")
        assert app.screen.top == 0
        for size in ((20, 6), (250, 70), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        await pilot.press("q")
        assert not isinstance(app.screen, TimelineScreen)
