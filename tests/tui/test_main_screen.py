"""The main screen: its pages as golden frames, its keys, its mouse, its failures."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fakes import FakeFeed, full_snapshot, full_snapshots, many_operations, only, replace_target, with_operations
from frames import check_golden, running, text, until
from msgspec.structs import replace
from table_samples import hostile_snapshot

from perftui.model.errors import UserError
from perftui.model.sample import Failure
from perftui.model.settings import Settings
from perftui.model.snapshot import SourceState
from perftui.tui.app import PerftuiApp
from perftui.tui.pages import PAGES
from perftui.tui.screens.main import MainScreen
from perftui.tui.table_model import TableModel
from perftui.tui.view import View


def main(app: PerftuiApp) -> MainScreen:
    assert isinstance(app.screen, MainScreen)
    return app.screen


def model_of(app: PerftuiApp) -> TableModel:
    model = main(app).table.model
    assert model is not None
    return model


def has_lines(app: PerftuiApp, count: int) -> bool:
    return len(text(app).splitlines()) == count


def seen(app: PerftuiApp) -> View:
    assert app.view is not None
    return app.view


SIZES = [(80, 24), (160, 45)]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.title.lower())
async def test_each_page_is_drawn_as_stored(page: Any, size: tuple[int, int]) -> None:
    async with running(size=size) as (app, _feed, pilot):
        await pilot.press(page.key)
        await pilot.pause()
        check_golden(app, f"{page.title.lower()}-{size[0]}x{size[1]}")


@pytest.mark.parametrize("size", [(80, 24), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_help_lists_every_key_and_scrolls(size: tuple[int, int]) -> None:
    async with running(size=size) as (app, _feed, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: "Help" in text(app))
        seen = text(app)
        for _ in range(12):
            await pilot.press("pagedown")
            await pilot.pause()
            seen += text(app)
        for command in app.keymap.of(("main", "table", "app")):
            assert command.help[:40] in seen, command.name
        await pilot.press("q")
        await until(pilot, lambda: "1 Overview" in text(app) or "1 All" in text(app))


async def test_nothing_but_the_machine_shows_its_processes() -> None:
    async with running([only(full_snapshot(), "host")]) as (app, _feed, _pilot):
        assert "mongod --replSet" in text(app)
        assert "MONGO" not in text(app).replace("mongod", "")


async def test_a_failing_source_is_named_with_since_and_help() -> None:
    failure = Failure(kind="refused", message="Nothing listens at cache:6379.", help="Start Redis.")
    state = SourceState(
        source="redis.server", interval_s=1.0, failure=failure, failing_since=full_snapshot().taken_at - 75
    )
    async with running([replace_target(full_snapshot(), "redis", sources=(state,))]) as (app, _feed, pilot):
        assert re.search(r"Nothing listens at\s", text(app))
        await pilot.press("5")
        await pilot.pause()
        assert "Start Redis." in text(app)


async def test_hostile_text_never_reaches_the_terminal_raw() -> None:
    async with running([hostile_snapshot()]) as (app, _feed, pilot):
        for page in PAGES:
            await pilot.press(page.key, "w")
            await pilot.pause()
            shown = text(app)
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e]", shown)


async def test_the_cursor_follows_the_operation_and_not_its_row() -> None:
    first = with_operations(full_snapshot(1), many_operations(20))
    async with running([first]) as (app, feed, pilot):
        await pilot.press("2", "j", "j", "j")
        assert model_of(app).cursor == 3
        changed = [replace(one, running_s=9_999.0 - (one.running_s or 0)) for one in many_operations(20)]
        feed.play(with_operations(full_snapshot(2), changed))
        await until(pilot, lambda: seen(app).snapshot.sequence == 2)
        assert model_of(app).row == changed[3]
        assert model_of(app).cursor == 16


async def test_filter_follows_every_letter_and_escape_takes_it_away() -> None:
    async with running([with_operations(full_snapshot(), many_operations(90))]) as (app, _feed, pilot):
        await pilot.press("2", "slash", *"ns:orders_4")
        await until(pilot, lambda: "10 of 90" in text(app))
        await pilot.press("enter", "escape")
        await until(pilot, lambda: "90 rows" in text(app))


async def test_sort_by_key_and_by_click_on_a_title() -> None:
    async with running([with_operations(full_snapshot(), many_operations(9))]) as (app, _feed, pilot):
        await pilot.press("2")
        model = model_of(app)
        await pilot.press("I")
        assert model.rows[0].opid == 10_008
        title = text(app).splitlines()[main(app).top.size.height]
        await pilot.click("LiveTable", offset=(title.index("NAMESPACE"), 0))
        assert model.sort_key == "ns"
        before = model.sort_key
        await pilot.press("f6")
        assert model.sort_key != before


async def test_tags_pause_and_the_past() -> None:
    async with running(full_snapshots(5)) as (app, feed, pilot):
        await pilot.press("space", "space")
        await until(pilot, lambda: "2 tagged" in text(app))
        await pilot.press("p")
        feed.play(full_snapshot(6))
        await until(pilot, lambda: "PAUSED" in text(app))
        await pilot.press("left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: "PAST" in text(app))
        assert seen(app).snapshot.sequence == 3
        assert not seen(app).live
        await pilot.press("escape")
        await until(pilot, lambda: seen(app).snapshot.sequence == 6 and "PAST" not in text(app))


async def test_interval_window_and_refresh_reach_the_feed() -> None:
    async with running() as (_app, feed, pilot):
        await pilot.press("plus", "W", "r")
        assert feed.asked == [("interval", 2.0), ("window", 900.0)]
        assert feed.refreshed == 1


async def test_export_writes_private_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with running() as (app, _feed, pilot):
        await pilot.press("3", "E")
        await until(pilot, lambda: "rows written" in text(app))
    written = sorted(tmp_path.glob("perftui-queries-*"))  # noqa: ASYNC240
    assert [path.suffix for path in written] == [".csv", ".json"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in written)
    assert len(json.loads(written[1].read_text())["rows"]) == 4


async def test_every_theme_can_be_switched_to_live() -> None:
    async with running() as (app, _feed, pilot):
        from perftui.tui.themes import theme_paths

        for name in theme_paths(None):
            app.use_theme(name)
            await pilot.pause()
            assert app.theme == name
            assert "MONGO" in text(app)


async def test_resizing_at_any_moment_keeps_a_whole_frame() -> None:
    async with running(size=(80, 24)) as (app, _feed, pilot):
        for size in ((250, 70), (40, 10), (20, 5), (160, 45), (109, 19)):
            await pilot.resize_terminal(*size)
            await pilot.press("j")
            await until(pilot, partial(has_lines, app, size[1]))
        assert "perftui" in text(app)


async def test_read_only_offers_no_action() -> None:
    async with running(settings=Settings(utc=True, read_only=True)) as (app, _feed, pilot):
        assert "Kill" not in text(app)
        await pilot.press("2", "K")
        await until(pilot, lambda: "read-only: start it without" in text(app))


async def test_settings_change_live() -> None:
    async with running() as (app, feed, pilot):
        await pilot.press("S", "right")
        await pilot.pause()
        assert app.theme_file.name != "perftui-dark"
        await pilot.press("down", "right")
        await pilot.pause()
        assert ("interval", 2.0) in feed.asked


async def test_quitting_closes_the_feed() -> None:
    async with running() as (app, feed, pilot):
        await pilot.press("q")
        await until(pilot, lambda: not app.is_running)
    assert feed.closed
    assert app.return_code == 0


async def test_what_arrives_while_the_screens_close_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    close_all = PerftuiApp._close_all

    async def close_and_wait(app: PerftuiApp) -> None:
        await close_all(app)
        assert not app.screen_stack
        app.on_snapshot_arrived()
        app.say("An action has ended.")

    async with running() as (app, _feed, _pilot):
        monkeypatch.setattr(PerftuiApp, "_close_all", close_and_wait)
    assert app.view is not None


def test_a_bad_key_is_one_sentence() -> None:
    with pytest.raises(UserError, match="no action 'kil'; did you mean 'kill'"):
        PerftuiApp(FakeFeed(), Settings(keys={"kil": "k"}))
    with pytest.raises(UserError, match="there is no key 'hyper'"):
        PerftuiApp(FakeFeed(), Settings(keys={"kill": "hyper"}))


@pytest.mark.parametrize("page", [page for page in PAGES if page.key != "7"], ids=lambda page: page.title.lower())
async def test_enter_opens_every_row_and_q_comes_back(page: Any) -> None:
    async with running() as (app, _feed, pilot):
        await pilot.press(page.key, "enter")
        await until(pilot, lambda: not isinstance(app.screen, MainScreen))
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))


@pytest.mark.parametrize("key", ["T", "S", "colon", "ctrl+p"])
async def test_each_dialog_and_screen_opens_and_escape_leaves_it(key: str) -> None:
    async with running() as (app, _feed, pilot):
        await pilot.press("2", "j", key)
        await until(pilot, lambda: not isinstance(app.screen, MainScreen))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, MainScreen))


@pytest.mark.parametrize("key", ["K", "R"])
async def test_an_action_without_connection_says_so(key: str) -> None:
    async with running() as (app, _feed, pilot):
        await pilot.press("2", "j", key)
        await until(pilot, lambda: "connection" in text(app).splitlines()[-1])
        assert isinstance(app.screen, MainScreen)
