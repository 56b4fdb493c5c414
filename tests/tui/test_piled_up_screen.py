"""Operations in groups, open transactions, connections and who waits for whom, as the screen shows them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from fakes import FakeFeed, full_snapshot, replace_target
from frames import check_golden, running, text, until
from msgspec.structs import replace
from table_samples import HOSTILE, MONGO, NOW, open_transactions, operation, operations, piled_up
from textual.pilot import Pilot

from perftui.actions.base import ActionProgress, Outcome
from perftui.actions.kill_operations import KillOperations
from perftui.advice.contention.groups import GroupKey
from perftui.model.operation import ConnectionGroup, OpenTransaction, OperationList
from perftui.model.secret import Secret
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.model.target import Connection
from perftui.model.verdict import Evidence, Problem, Verdict
from perftui.tui.app import PerftuiApp
from perftui.tui.dialogs import confirm
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.screens.details import DetailsScreen

SIZES = {"80x24": (80, 24), "160x45": (160, 45)}
CONNECTION = Connection(target=MONGO, uri=Secret("mongodb://root:hunter2@db1:27017"))


def piled(listed: OperationList | None = None) -> list[Snapshot]:
    return [replace_target(full_snapshot(60), "mongodb", operations=listed or piled_up())]


@asynccontextmanager
async def shown(
    size: str = "160x45", listed: OperationList | None = None
) -> AsyncIterator[tuple[PerftuiApp, FakeFeed, Pilot[None]]]:
    settings = Settings(utc=True, connections=(CONNECTION,))
    async with running(piled(listed), size=SIZES[size], settings=settings) as (app, feed, pilot):
        await pilot.press("2")
        yield app, feed, pilot


async def press(pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await pilot.pause()


async def test_the_overview_shows_all_operations_while_a_group_is_opened() -> None:
    async with running(piled(), size=(200, 60), settings=Settings(utc=True)) as (app, _feed, pilot):
        await press(pilot, "2", "b", "b")
        model = app.screen.table.model  # type: ignore[attr-defined]
        model.move_to(len(model.rows) - 1)
        await press(pilot, "enter")
        assert len(app.screen.table.model.rows) == 1  # type: ignore[attr-defined]
        await press(pilot, "1")
        below = text(app).partition("Running now")[2]
        assert below.count("update users") > 3


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("by", "presses"), [("shape", 1), ("client", 2), ("application", 3)])
async def test_groups_are_drawn_as_stored(size: str, by: str, presses: int) -> None:
    async with shown(size) as (app, _feed, pilot):
        await press(pilot, *["b"] * presses)
        assert app.grouping == by
        check_golden(app, f"operation-groups-{by}-{size}")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("name", "tabs"), [("waits", 2), ("transactions", 3), ("connections", 4)])
async def test_each_table_is_drawn_as_stored(size: str, name: str, tabs: int) -> None:
    async with shown(size) as (app, _feed, pilot):
        await press(pilot, *["tab"] * tabs)
        check_golden(app, f"{name}-{size}")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("name", "tabs"), [("wait", 2), ("transaction", 3), ("connection", 4)])
async def test_details_are_drawn_as_stored(size: str, name: str, tabs: int) -> None:
    async with shown(size) as (app, _feed, pilot):
        await press(pilot, *["tab"] * tabs, "d")
        assert isinstance(app.screen, DetailsScreen)
        check_golden(app, f"details-{name}-{size}")


@pytest.mark.parametrize("size", SIZES)
async def test_a_groups_details_are_drawn_as_stored(size: str) -> None:
    async with shown(size) as (app, _feed, pilot):
        await press(pilot, "b", "b", "d")
        check_golden(app, f"details-group-{size}")


async def test_b_goes_round_and_back() -> None:
    async with shown() as (app, _feed, pilot):
        seen = []
        for _ in range(4):
            await press(pilot, "b")
            seen.append(app.grouping)
        assert seen == ["shape", "client", "application", None]
        assert "Operations one by one." in text(app)
        await press(pilot, "3", "b")
        assert (app.grouping, "2 Operations" in text(app)) == ("shape", True), "from elsewhere it leads there"


def opened(app: PerftuiApp) -> tuple[GroupKey | None, str | None]:
    return app.group, app.grouping


async def test_enter_opens_a_group_and_escape_leads_back() -> None:
    async with shown() as (app, feed, pilot):
        await press(pilot, "b", "enter")
        assert opened(app) == (GroupKey("shape", "shop.prompts a1"), "shape")
        assert "400 rows" in text(app)
        assert "Operations of one shape" in text(app)
        feed.play(replace(piled(operations())[0], sequence=61))
        await until(pilot, lambda: "All operations of this group have ended." in text(app))
        await press(pilot, "escape")
        assert opened(app) == (None, "shape")
        await press(pilot, "escape")
        assert opened(app) == (None, None)


async def test_the_cursor_stays_on_its_group() -> None:
    async with shown() as (app, feed, pilot):
        await press(pilot, "b", "j")
        second = text(app).split("\n")
        marked = next(line for line in second if line.startswith(">"))
        assert "update users" in marked
        grown = piled_up(5)
        feed.play(replace(piled(grown)[0], sequence=61))
        await until(
            pilot, lambda: "shop.prompts" in next(one for one in text(app).split("\n") if "find prompts" in one)
        )
        marked = next(line for line in text(app).split("\n") if line.startswith(">"))
        assert "update users" in marked


async def test_a_clients_connections_lead_to_its_operations() -> None:
    async with shown() as (app, feed, pilot):
        await press(pilot, *["tab"] * 4)
        assert feed.asked[-1] == ("connections", 1.0)
        await press(pilot, "enter")
        assert app.group == GroupKey("connection", "10.0.0.7 shop")
        assert feed.asked[-1] == ("connections", 0.0), "they are read only while they are shown"
        assert "Operations of 10.0.0.7 shop" in text(app)
        await press(pilot, "escape")
        assert "CONNECTIONS" in text(app)


async def test_no_connection_of_a_recording_is_asked_for() -> None:
    listed = replace(operations(), connections=())
    async with running(piled(listed), live=False) as (app, _feed, pilot):
        await press(pilot, "2", *["tab"] * 4)
        assert "Nobody looked at the connections" in text(app)


@pytest.fixture
def no_deafness(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confirm, "DEAF_S", 0.0)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.usefixtures("no_deafness")
async def test_the_question_names_each_of_the_group(size: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing_against(_action: KillOperations) -> tuple[()]:
        return ()

    monkeypatch.setattr(KillOperations, "check", nothing_against)
    async with shown(size) as (app, _feed, pilot):
        await press(pilot, "b", "j", "K")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.pause()
        assert "[9001, 9002, 9003, 9004" in text(app)
        check_golden(app, f"confirm-group-{size}")
        for _ in range(6):
            await press(pilot, "pagedown")
        assert "9012  28.0 s" in text(app)


@pytest.mark.usefixtures("no_deafness")
async def test_escape_stops_the_killing_before_it_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    told = asyncio.Event()

    async def nothing_against(_action: KillOperations) -> tuple[()]:
        return ()

    async def run(action: KillOperations) -> Outcome:
        assert action._tell is not None
        action._tell(ActionProgress(done=20, total=400, message="20 killed", phase="killing"))
        await told.wait()
        assert action._stopped
        return Outcome(state="done", message="20 of 400 are gone; you stopped it.")

    monkeypatch.setattr(KillOperations, "check", nothing_against)
    monkeypatch.setattr(KillOperations, "run", run)
    async with shown() as (app, _feed, pilot):
        await press(pilot, "b", "K")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await press(pilot, "y")
        await until(pilot, lambda: "20 of 400" in text(app) and "Esc stops it" in text(app))
        await press(pilot, "escape")
        assert isinstance(app.screen, ConfirmDialog)
        assert "Stopping: nothing more is begun." in text(app)
        told.set()
        await until(pilot, lambda: "you stopped it" in text(app))


async def test_k_says_why_nothing_can_be_killed() -> None:
    servers_own = (operation(7, op="none", ns="", noise=None, killable=False, text="x", running_s=3.0),)
    several = replace(
        piled_up(), transactions=(*open_transactions()[:1], replace(open_transactions()[0], session="b" * 32))
    )
    async with shown(listed=OperationList(operations=servers_own)) as (app, feed, pilot):
        await press(pilot, "b", "K")
        assert "None of them is a client's operation" in text(app)
        feed.play(replace(piled(several)[0], sequence=61))
        await press(pilot, "tab", "tab", "K")
        assert "Several may hold it: Enter shows them." in text(app)
        await press(pilot, "tab", "tab", "K")
        assert "Kill works on an operation, a group of them, or a transaction" in text(app)


async def test_hostile_names_are_drawn_safely() -> None:
    listed = OperationList(
        operations=(
            operation(
                1, app_name=HOSTILE, client=HOSTILE, ns=HOSTILE, text=HOSTILE, waiting_for="lock", locks={HOSTILE: "W"}
            ),
        ),
        transactions=(OpenTransaction(session=HOSTILE, app_name=HOSTILE, locks=HOSTILE, started_at=NOW),),
        connections=(ConnectionGroup(client=HOSTILE, app_name=HOSTILE, connections=10**12),),
    )
    async with shown(listed=listed) as (app, _feed, pilot):
        for keys in (
            ["b"],
            ["b"],
            ["b"],
            ["b", "tab", "tab"],
            ["enter"],
            ["escape"],
            ["tab", "enter"],
            ["escape", "K"],
            ["tab"],
        ):
            await press(pilot, *keys)
            assert "\x1b[2J" not in text(app)
            assert app.return_code is None


def judged(code: str, row: str) -> list[Snapshot]:
    """The same pile with a verdict that points at one of its rows."""
    problem = Problem(
        code=code, severity="critical", target_id=MONGO.id, what="it piles up", since=NOW,
        evidence=Evidence(page="Operations", row=row),
    )  # fmt: skip
    verdict = Verdict(status="problem", at=NOW, since=NOW, problem=problem)
    return [replace(piled()[0], verdict=verdict)]


async def test_the_verdicts_pile_is_one_key_from_its_group() -> None:
    async with running(judged("piled-up-operations", "17")) as (app, _feed, pilot):
        await press(pilot, "v")
        assert opened(app) == (None, "shape")
        marked = next(line for line in text(app).split("\n") if line.startswith(">"))
        assert "400" in marked
        assert "find prompts" in marked


async def test_the_verdicts_transaction_is_one_key_from_its_row() -> None:
    session = open_transactions()[0].session
    async with running(judged("idle-transaction", session)) as (app, _feed, pilot):
        await press(pilot, "2", "b", "1", "v")
        marked = next(line for line in text(app).split("\n") if line.startswith(">"))
        assert "reports" in marked
        assert opened(app) == (None, None), "one operation's row would not stand among groups"
