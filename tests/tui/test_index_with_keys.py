"""From a slow query to an index and back on a real mongod, by the keys that people press."""

import asyncio
from typing import Any

import pytest
from frames import text
from pymongo import MongoClient

from perftui.actions.journal import default_journal
from perftui.model.settings import Settings
from perftui.monitor.live import Monitor
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to
from perftui.tui.app import PerftuiApp
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.screens.advice import AdviceScreen
from perftui.tui.screens.details import DetailsScreen
from perftui.tui.screens.main import MainScreen
from perftui.tui.screens.plan import PlanScreen

Client = MongoClient[dict[str, Any]]


@pytest.fixture
def server(private_servers: PrivateServers) -> MongodProcess:
    """5,000 orders, and a profile of queries that scan them."""
    mongod = private_servers.start_mongod(replica_set="rs0")
    client: Client
    with MongoClient(mongod.uri) as client:
        orders: Any = client.shop.orders
        orders.insert_many([{"customer": number % 500, "at": number, "note": "x" * 50} for number in range(5_000)])
        client.shop.command({"profile": 2})
        for customer in range(60):
            list(orders.find({"customer": customer}).sort("at", -1).limit(5))
    return mongod


def index_names(server: MongodProcess) -> set[str]:
    client: Client
    with MongoClient(server.uri) as client:
        return set(client.shop.orders.index_information())


class Session:
    """The monitor at work on the server; waits for what is on the screen."""

    def __init__(self, app: PerftuiApp, pilot: Any) -> None:
        self.app, self.pilot = app, pilot

    @property
    def screen(self) -> Any:
        return self.app.screen

    async def until(self, condition: Any) -> None:
        for _ in range(1_200):
            await self.pilot.pause(0.05)
            if condition():
                return
        raise AssertionError(f"never true; the screen is:\n{text(self.app)}")

    async def sees(self, *words: str) -> None:
        await self.until(lambda: all(word in text(self.app) for word in words))

    async def on(self, kind: type) -> None:
        await self.until(lambda: isinstance(self.screen, kind))

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def dialog(self) -> str:
        """The question, once it hears."""
        await self.on(ConfirmDialog)
        await self.until(lambda: self.screen._hears_from is not None)
        await asyncio.sleep(0.35)  # it is deaf to what was typed ahead
        return text(self.app)

    async def done(self, *words: str) -> None:
        await self.until(lambda: not self.app.running_actions and not isinstance(self.screen, ConfirmDialog))
        await self.sees(*words)


async def to_the_worst_shape(session: Session) -> None:
    await session.press("3", "slash", *"shop.orders", "enter")
    await session.until(
        lambda: (row := session.screen.spec_row()[1]) is not None and row.op == "find" and row.count >= 60
    )


async def test_explain_advise_create_hide_drop_and_undo(server: MongodProcess) -> None:
    settings = Settings(connections=(connect_to(server.uri),), interval_s=0.25)
    app = PerftuiApp(Monitor(settings), settings)
    async with app.run_test(size=(160, 50)) as pilot:
        session = Session(app, pilot)
        await session.until(lambda: app.view is not None and app.view.target("mongodb") is not None)
        await to_the_worst_shape(session)
        assert "collection scan" in text(app)

        await session.press("enter")
        await session.on(DetailsScreen)
        for words in ("FINDINGS", "SCORE", "PLAN OF THE SLOWEST", "COLLSCAN shop.orders", "◀ worst"):
            assert words in text(app), words

        await session.press("e")
        await session.on(PlanScreen)
        await session.sees("WINNING PLAN", "queryPlanner", "COLLSCAN")
        await session.press("x")
        assert "runs in full" in await session.dialog()
        await session.press("y")
        await session.sees("the read part was run", "5,000")

        await session.press("escape", "a")
        await session.on(AdviceScreen)
        await session.until(lambda: session.screen.analysis is not None)
        await session.sees("{customer: 1, at: -1}")
        await session.press("d")
        assert "Nothing was changed: perftui would create index" in await session.dialog()
        await session.press("escape")
        assert index_names(server) == {"_id_"}

        await session.press("A")
        assert "createIndexes" in await session.dialog()
        await session.press("y")
        await session.done()
        (created,) = index_names(server) - {"_id_"}

        await session.press("escape", "escape")
        await session.on(MainScreen)
        await session.press("7", "slash", *"shop.orders", "enter", "enter")
        await session.until(
            lambda: any(row.index.name == created for row in session.screen.table.model.rows if hasattr(row, "index"))
        )
        while session.screen.spec_row()[1].index.name != created:
            await session.press("j")
        await session.press("H")
        assert f"Hide index {created}" in await session.dialog()
        await session.press("y")
        await session.done("is hidden")
        await session.press("D")
        assert "type this" not in await session.dialog(), "a hidden index needs no typed name"
        await session.press("y")
        await session.done("is gone")
        assert index_names(server) == {"_id_"}

        await session.press("u")
        assert created in await session.dialog()
        await session.press("y")
        await session.until(lambda: not app.running_actions and created in index_names(server))
    kinds = [record.intent.action for record in default_journal().read()]
    assert kinds[:3] == ["create index", "hide index", "drop index"]


async def test_profiling_is_set_and_put_back_when_the_monitor_ends(server: MongodProcess) -> None:
    settings = Settings(connections=(connect_to(server.uri),), interval_s=0.25)
    app = PerftuiApp(Monitor(settings), settings)
    client: Client
    with MongoClient(server.uri) as client:
        async with app.run_test(size=(160, 50)) as pilot:
            session = Session(app, pilot)
            await session.until(lambda: app.view is not None and app.view.target("mongodb") is not None)
            await to_the_worst_shape(session)
            await session.press("P", "down", "left", "left", "enter")
            assert "slowms: 20" in await session.dialog()
            await session.press("y")
            await session.done()
            assert client.shop.command({"profile": -1})["was"] == 1
            assert client.shop.command({"profile": -1})["slowms"] == 20
            assert len(app.windows) == 1
        assert client.shop.command({"profile": -1})["was"] == 2
        assert client.shop.command({"profile": -1})["slowms"] == 100
