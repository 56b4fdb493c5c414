"""A recording on the screen: keys that change how a server is read say that there is none."""

import pytest
from fakes import full_snapshots
from frames import running, text
from msgspec.structs import replace

from perftui.model.settings import Settings

SETTINGS = Settings(utc=True, interval_s=2.0, window_s=900.0)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("plus", "This is a recording: it was read as often as the first line says."),
        ("minus", "This is a recording: it was read as often as the first line says."),
        ("W", "This is a recording: its digests keep the window that they were made with."),
        ("i", "This is a recording: idle and internal operations are shown if it holds any."),
        ("r", "From the beginning."),
    ],
)
async def test_a_key_does_not_claim_what_a_recording_cannot_do(key: str, words: str) -> None:
    shown = [replace(one, interval_s=5.0) for one in full_snapshots(3)]
    async with running(shown, live=False, settings=SETTINGS) as (app, feed, pilot):
        await pilot.press(key)
        await pilot.pause()
        assert words in text(app).splitlines()[-1]
        assert " every 5s " in text(app).splitlines()[0], "as it was recorded"
        assert (app.interval_s, app.window_s) == (2.0, 900.0)
        assert [what for what, _ in feed.asked if what in {"interval", "window"}] == []


async def test_from_the_beginning_goes_on_where_it_was_paused() -> None:
    async with running(full_snapshots(3), live=False) as (app, feed, pilot):
        await pilot.press("left_square_bracket", "r")
        assert not app.paused
        assert feed.refreshed == 1


async def test_live_sources_are_still_asked() -> None:
    async with running(full_snapshots(3)) as (app, feed, pilot):
        await pilot.press("plus", "W")
        assert feed.asked[-2:] == [("interval", 2.0), ("window", 900.0)]
        await pilot.press("r")
        await pilot.pause()
        assert "Reading all sources now." in text(app)
