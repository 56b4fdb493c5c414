"""From K on a row to a dead operation on a real mongod: the monitor, the dialog, the action, the journal."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from frames import text
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from perftui.actions.journal import default_journal
from perftui.model.settings import Settings
from perftui.monitor.live import Monitor
from perftui.servers import MongodProcess
from perftui.targets import connect_to
from perftui.tui.app import PerftuiApp
from perftui.tui.dialogs.confirm import ConfirmDialog
from perftui.tui.screens.details import DetailsScreen

Client = MongoClient[dict[str, Any]]
DATABASE = "kill_with_keys"
INTERRUPTED = 11601


class Query(threading.Thread):
    """A client's query that sleeps in the server until it is killed.

    It finds nothing: with a first batch to return it would go on as a getMore, which is another operation.
    """

    def __init__(self, uri: str, collection: str) -> None:
        super().__init__()
        self.uri, self.collection = uri, collection
        self.code: int | None = None

    def run(self) -> None:
        client: Client
        with MongoClient(self.uri) as client:
            try:
                list(client[DATABASE][self.collection].find({"$where": "sleep(100) && false"}))
            except OperationFailure as error:
                self.code = error.code


def fill(collection: Any) -> None:
    collection.drop()
    collection.insert_many([{"n": number} for number in range(3000)])


def running(client: Client, collection: str) -> list[int]:
    wanted = {"ns": f"{DATABASE}.{collection}", "active": True}
    pipeline: list[dict[str, Any]] = [{"$currentOp": {"allUsers": True}}, {"$match": wanted}]
    found: list[dict[str, Any]] = list(client.admin.aggregate(pipeline))
    return [entry["opid"] for entry in found]


@pytest.fixture
def client(mongod: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(mongod.uri) as connected:
        for collection in ("victim", "neighbour"):
            fill(connected[DATABASE][collection])
        yield connected


@pytest.fixture
def started(mongod: MongodProcess, client: Client) -> Iterator[Callable[[str], Query]]:
    """Starts a query on a collection; those still running are killed at the end, however late they begin."""
    queries: list[Query] = []

    def start(collection: str) -> Query:
        queries.append(Query(mongod.uri, collection))
        queries[-1].start()
        return queries[-1]

    yield start
    for query in queries:
        while query.is_alive():
            for opid in running(client, query.collection):
                client.admin.command({"killOp": 1, "op": opid})
            query.join(0.2)


def monitor_of(mongod: MongodProcess, *, read_only: bool = False) -> PerftuiApp:
    settings = Settings(connections=(connect_to(mongod.uri),), read_only=read_only, interval_s=0.2)
    return PerftuiApp(Monitor(settings), settings)


async def filter_to(app: PerftuiApp, pilot: Any, collection: str) -> None:
    await pilot.press("2", "slash", *f"ns:{collection}", "enter")
    await until_slowly(pilot, lambda: f"{DATABASE}.{collection}"[:17] in text(app))


async def until_slowly(pilot: Any, condition: Any) -> None:
    """As `until`, for what a server has to do first."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        await pilot.pause(0.05)
        if condition():
            return
    raise AssertionError(f"never true: {condition}")


async def until_it_hears(app: PerftuiApp, pilot: Any) -> None:
    """A key before would keep the question deaf for longer."""
    question: Any = app.screen
    assert isinstance(question, ConfirmDialog)
    await until_slowly(pilot, lambda: question._hears_from is not None and time.monotonic() >= question._hears_from)


async def answer_yes(app: PerftuiApp, pilot: Any) -> None:
    await until_slowly(pilot, lambda: isinstance(app.screen, ConfirmDialog))
    await until_it_hears(app, pilot)
    await pilot.press("y")


async def test_the_operation_under_the_cursor_ends_and_its_neighbour_lives(
    mongod: MongodProcess, client: Client, started: Callable[[str], Query]
) -> None:
    victim, neighbour = started("victim"), started("neighbour")
    app = monitor_of(mongod)
    async with app.run_test(size=(120, 30)) as pilot:
        await until_slowly(pilot, lambda: app.view is not None and app.view.target("mongodb") is not None)
        await until_slowly(pilot, lambda: running(client, "victim") and running(client, "neighbour"))
        (opid,) = running(client, "victim")
        await filter_to(app, pilot, "victim")
        await pilot.press("K")
        await until_slowly(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await until_slowly(pilot, lambda: f"db.adminCommand({{killOp: 1, op: {opid}}})" in text(app))
        assert "PRIMARY" in text(app)
        await answer_yes(app, pilot)
        await until_slowly(pilot, lambda: not victim.is_alive())
        await until_slowly(pilot, lambda: f"Operation {opid} is gone." in text(app))
        assert running(client, "neighbour")
        await until_slowly(
            pilot,
            lambda: app.view is not None and "action.done" in [event.kind for event in app.view.snapshot.events],
        )
    assert victim.code == INTERRUPTED
    assert neighbour.is_alive()
    (record,) = default_journal().read()
    assert record.outcome is not None
    assert record.outcome.state == "done"


async def test_kills_from_its_details_too(
    mongod: MongodProcess, client: Client, started: Callable[[str], Query]
) -> None:
    victim = started("victim")
    app = monitor_of(mongod)
    async with app.run_test(size=(120, 30)) as pilot:
        await until_slowly(pilot, lambda: app.view is not None and app.view.target("mongodb") is not None)
        await filter_to(app, pilot, "victim")
        await until_slowly(pilot, lambda: running(client, "victim"))
        await until_slowly(pilot, lambda: app.screen.spec_row()[1] is not None)  # type: ignore[attr-defined]
        await pilot.press("enter")
        assert isinstance(app.screen, DetailsScreen)
        await pilot.press("K")
        await answer_yes(app, pilot)
        await until_slowly(pilot, lambda: not victim.is_alive())
        await until_slowly(pilot, lambda: isinstance(app.screen, DetailsScreen) and app.screen.gone)
    assert victim.code == INTERRUPTED


async def test_read_only_says_so_and_kills_nothing(
    mongod: MongodProcess, client: Client, started: Callable[[str], Query]
) -> None:
    started("victim")
    app = monitor_of(mongod, read_only=True)
    async with app.run_test(size=(120, 30)) as pilot:
        await until_slowly(pilot, lambda: app.view is not None and app.view.target("mongodb") is not None)
        await filter_to(app, pilot, "victim")
        await until_slowly(pilot, lambda: app.screen.spec_row()[1] is not None)  # type: ignore[attr-defined]
        await pilot.press("K")
        await until_slowly(pilot, lambda: "read-only" in text(app))
        assert not isinstance(app.screen, ConfirmDialog)
        assert running(client, "victim")
    assert default_journal().read() == ()
