"""`Y`: a card of what is on screen, from every screen, without secrets unless asked twice; `B`: a bundle."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from advice_samples import analysis, index_plan
from fakes import full_snapshots
from frames import running, text, until
from helpers.everything import SECRETS, filled
from msgspec.structs import replace
from scripted_work import ScriptedWork, asking
from textual.pilot import Pilot
from typed_ahead import post_keys

from perftui.actions.journal import default_journal
from perftui.model.analysis import Analysis
from perftui.model.event import Event
from perftui.model.plan import Plan
from perftui.model.snapshot import Snapshot
from perftui.monitor.recording import open_recording
from perftui.tui.app import PerftuiApp
from perftui.tui.report_card import copying, presses
from perftui.tui.report_card.markdown import block, code, inline, table
from perftui.tui.screens.details import DetailsScreen

SCREENS = {
    "overview": (),
    "operations": ("2",),
    "operation": ("2", "enter"),
    "grouped": ("2", "b"),
    "grouped by client": ("2", "b", "b"),
    "connection": ("2", "shift+tab", "enter"),
    "transactions": ("2", "tab", "tab"),
    "queries": ("3",),
    "query": ("3", "enter"),
    "endpoints": ("4",),
    "redis": ("5",),
    "redis slow log": ("5", "tab"),
    "host": ("6",),
    "sources": ("6", "tab", "enter"),
    "indexes": ("7",),
    "index": ("7", "enter", "enter"),
    "events": ("8", "enter"),
    "caches": ("9", "enter"),
    "timeline": ("T",),
    "verdict": ("V",),
    "help": ("question_mark",),
}


def secret_snapshots() -> list[Snapshot]:
    """Every field is filled, and every text holds a secret."""
    one: Snapshot = filled(Snapshot)
    return [replace(one, sequence=number, taken_at=1.8e9 + number, interval_s=1.0) for number in (1, 2, 3)]


async def cards(app: PerftuiApp, pilot: Pilot[Any], times: int = 1) -> str:
    """Press Y so often; the last card."""
    for _ in range(times):
        app._clipboard = ""
        await pilot.press("Y")
        for _ in range(1500):
            if app.clipboard:
                break
            await asyncio.sleep(0.02)
        await pilot.pause()
    assert app.clipboard.startswith("# perftui report card\n")
    return app.clipboard


@asynccontextmanager
async def opened(*keys: str) -> AsyncIterator[tuple[PerftuiApp, Pilot[Any]]]:
    async with running(secret_snapshots()) as (app, _feed, pilot):
        await pilot.press(*keys)
        await pilot.pause()
        yield app, pilot


@pytest.mark.parametrize("name", SCREENS)
async def test_no_secret_of_any_field_is_in_a_card(name: str) -> None:
    async with opened(*SCREENS[name]) as (app, pilot):
        card = await cards(app, pilot)
        assert [secret for secret in SECRETS if secret in card] == []
        assert "## Verdict" in card
        assert "## Figures" in card
        assert ("## On screen" in card) == (name != "verdict")
        assert "2027-01-15 08:00:03 UTC" in card


async def test_the_operations_of_a_connection_have_not_ended() -> None:
    async with running(full_snapshots()) as (app, _feed, pilot):
        await pilot.press("2", "shift+tab", "enter")
        assert "10.0.0.7" in text(app)
        card = await cards(app, pilot)
        assert "### Operations: 3 of 3 rows" in card
        assert "have ended" not in card
        assert "10.0.0.7" not in card


async def test_figures_name_the_span_that_they_cover() -> None:
    async with running(full_snapshots()) as (app, _feed, pilot):
        assert "| now | least | most | last 59.0s |" in await cards(app, pilot)
    longer = [replace(one, taken_at=one.taken_at + 9 * one.sequence) for one in full_snapshots()]
    async with running(longer) as (app, _feed, pilot):
        card = await cards(app, pilot)
        assert "| now | least | most | last 5m00s |" in card


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Presses that follow each other at once count as those of somebody who has read what the first one said."""
    monkeypatch.setattr(presses, "AGAIN_AFTER_S", 0.0)


@pytest.mark.usefixtures("unhurried")
async def test_asked_again_at_once_nothing_is_hidden() -> None:
    async with opened("2", "enter") as (app, pilot):
        card = await cards(app, pilot, times=2)
        assert "hunter2" in card
        assert "Values, hosts and users are shown." in card
        assert "with values: ~/.state/perftui/cards/card-" in text(app)
        again = await cards(app, pilot)
        assert "hunter2" not in again


async def test_pressed_twice_at_once_or_held_it_makes_one_card_without_values(home: Path) -> None:
    async with opened("2", "enter") as (app, pilot):
        post_keys(app, "Y", "Y")
        await until(pilot, lambda: "Making the card ..." in text(app) or app.clipboard != "")
        await until(pilot, lambda: app.clipboard != "")
        for _ in range(5):
            await pilot.press("Y")
        await app.workers.wait_for_complete()
        assert [secret for secret in SECRETS if secret in app.clipboard] == []
        assert "redacted; Y again" in text(app)
        assert len(list((home / ".state/perftui/cards").iterdir())) == 1


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("moves", [("escape", "3"), ("escape",), ("escape", "enter")])
async def test_asked_for_on_another_screen_or_row_it_hides_again(moves: tuple[str, ...]) -> None:
    async with running(full_snapshots()) as (app, _feed, pilot):
        await pilot.press("3", "enter")
        assert isinstance(app.screen, DetailsScreen)
        await cards(app, pilot)
        await pilot.press(*moves)
        assert "Values, hosts and users are shown." not in await cards(app, pilot)


@pytest.mark.usefixtures("unhurried")
async def test_asked_for_on_the_next_row_it_hides_again() -> None:
    async with running(full_snapshots()) as (app, _feed, pilot):
        await pilot.press("3")
        await cards(app, pilot)
        await pilot.press("down")
        assert "Values, hosts and users are shown." not in await cards(app, pilot)
        assert "Values, hosts and users are shown." in await cards(app, pilot)


@pytest.mark.parametrize(
    ("times", "answers"),
    [
        ((0.0, 2.0), (False, True)),
        ((0.0, 16.5), (False, False)),
        ((0.0, 1.2), (False, None)),
        ((0.0, 1.4, 1.8, 2.2), (False, None, None, None)),
        ((0.0, 1.4, 2.0), (False, None, True)),
    ],
    ids=["again", "too late", "too early", "held", "early, then again"],
)
def test_when_a_press_counts(times: tuple[float, ...], answers: tuple[bool | None, ...]) -> None:
    """The first card is told a second after it was asked for."""
    pressed, where = presses.CardPresses(), ("screen", "row")
    heard = []
    for at in times:
        heard.append(pressed.press(where, at))
        if at == 0.0:
            pressed.begin()
            assert pressed.press(where, 0.6) is None
            pressed.end(where, 1.0)
    assert tuple(heard) == answers


async def test_a_card_is_in_a_file_too_that_only_the_user_may_read(home: Path) -> None:
    async with running(full_snapshots()) as (app, _feed, pilot):
        card = await cards(app, pilot)
        (path,) = (home / ".state/perftui/cards").iterdir()
        assert path.read_text() == card
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
        assert "~/.state/perftui/cards/card-20261123T140231Z.md, copied (OSC 52), redacted; Y again" in text(app)


@pytest.mark.usefixtures("unhurried")
async def test_old_cards_make_room(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copying, "_KEPT", 2)
    async with running(full_snapshots()) as (app, _feed, pilot):
        await cards(app, pilot, times=4)
        assert len(list((home / ".state/perftui/cards").iterdir())) == 2


async def test_a_terminal_without_a_clipboard_gets_the_file_alone(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(full_snapshots()) as (app, _feed, pilot):
        monkeypatch.setenv("TERM", "linux")
        await pilot.press("Y")
        await app.workers.wait_for_complete()
        assert app.clipboard == ""
        assert ".md, this terminal has no clipboard, redacted" in text(app)
        assert len(list((home / ".state/perftui/cards").iterdir())) == 1


async def test_where_nothing_can_be_written_it_is_said(home: Path) -> None:
    async with running(full_snapshots()) as (app, _feed, pilot):
        (home / ".state").mkdir(exist_ok=True)
        (home / ".state/perftui").write_text("no folder")
        assert await cards(app, pilot)
        assert "No file was written" in text(app)


async def test_a_recording_and_the_past_say_so() -> None:
    async with running(full_snapshots(), live=False) as (app, _feed, pilot):
        assert "the past or a recording" in await cards(app, pilot)


async def test_figures_are_those_of_the_targets_they_stand_below() -> None:
    async with running(full_snapshots()) as (app, _feed, pilot):
        card = await cards(app, pilot)
        assert "| operations | 521/s |" in card.split("(mongodb")[1].split("###")[0]
        assert "| operations | 8,410/s |" in card.split("(redis")[1].split("###")[0]


async def test_the_actions_of_the_last_day_are_told_without_their_values() -> None:
    journal = default_journal()
    last = full_snapshots()[-1]
    target = last.targets[0].target
    command = 'db.getSiblingDB("shop").getCollection("prompts").createIndex({"category": 1}, {"name": "hunter2"})'
    intent = journal.intend("create index", target, command)
    journal.conclude(intent, "done", "The index is built.")
    other = journal.intend("kill operation", replace(target, id="mongodb://elsewhere:1"), "db.killOp(1)")
    journal.conclude(other, "done", "Killed.")
    path = journal.path
    lines = path.read_text().replace(f'"at":{intent.at}', f'"at":{last.taken_at - 60}')
    path.write_text(lines)
    async with running(full_snapshots()) as (app, _feed, pilot):
        card = (await cards(app, pilot)).split("## Actions")[1]
        assert "create index on mongodb://host-1:27017" in card
        assert '`db.getSiblingDB("shop").getCollection("prompts").createIndex({"category": 1}, {"name": "?"})`' in card
        assert "killOp" not in card


async def test_a_plan_is_in_the_card_without_its_values() -> None:
    plan: Plan = filled(Plan)
    async with asking(ScriptedWork(plan), "3", "e") as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.plan is not None)
        card = await cards(app, pilot)
        assert [secret for secret in SECRETS if secret in card] == []
        assert "### Plan of shop.prompts" in card
    async with asking(ScriptedWork(index_plan()), "3", "e") as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.plan is not None)
        assert "IXSCAN" in await cards(app, pilot)


async def test_advice_is_in_the_card_without_its_values() -> None:
    hidden: Analysis = filled(Analysis)
    async with asking(ScriptedWork(hidden), "3", "a") as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.analysis is not None)
        card = await cards(app, pilot)
        assert [secret for secret in SECRETS if secret in card] == []
    async with asking(ScriptedWork(analysis()), "3", "a") as (app, pilot, _feed):
        await until(pilot, lambda: app.screen.analysis is not None)
        card = await cards(app, pilot)
        assert "### Advice for shop.prompts" in card
        assert "createIndex" in card
        refused = [line for line in card.splitlines() if line.startswith("- no index for shop.tiny")]
        assert len(refused) == 1, "what was not asked for is a line, not a page"
        assert "reading all is as fast" in refused[0]


async def test_the_last_minutes_become_a_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    async with opened() as (app, pilot):
        await pilot.press("B")
        await app.workers.wait_for_complete()
        await pilot.pause()
        path = tmp_path / "perftui-bundle-20270115T080003Z.perftui"
        assert f"{path.name}: the last 2.00s, 3 frames, redacted; it is in /" in text(app)
    bundle = open_recording(path)
    assert bundle.header.redacted
    assert [entry.sequence for entry in bundle.entries] == [1, 2, 3]
    told = b"".join(bundle.snapshot(index).to_json() for index in range(3)).decode()
    assert [secret for secret in SECRETS if secret in told] == []


async def test_before_the_first_frame_there_is_nothing_to_hand_over() -> None:
    async with running([]) as (app, _feed, pilot):
        for key in ("Y", "B"):
            await pilot.press(key)
            await app.workers.wait_for_complete()
            await asyncio.sleep(0)
            assert "nothing to hand over" in text(app)


async def test_hostile_text_breaks_no_markup() -> None:
    event = Event(at=1.0, target_id="x", kind="x", severity="info", message="```\n# no heading | <b>")
    assert inline(event.message) == r"\`\`\` \# no heading \| \<b\>"
    assert block([event.message]).startswith("````text\n")
    assert code("a`b") == "``a`b``"
    assert table(["a"], [["x|y"]]).splitlines()[-1] == r"| x\|y |"
