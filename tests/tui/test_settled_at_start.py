"""A build whose end nobody saw is looked for when the monitor starts, and told."""

from pathlib import Path
from typing import Any

from fakes import FakeFeed, full_snapshots
from frames import text, until
from pymongo import MongoClient

from perftui.actions.index_spec import keep
from perftui.actions.journal import default_journal
from perftui.actions.pending import unfinished_builds
from perftui.actions.undo_data import KeptIndex, UndoData
from perftui.model.settings import Settings
from perftui.servers import MongodProcess
from perftui.targets import connect_to
from perftui.tui.app import PerftuiApp

Client = MongoClient[dict[str, Any]]
NS = "settled_at_start.orders"
GONE = 2**22 - 1


async def test_builds_that_nobody_saw_end_are_told_and_journalled(mongod: MongodProcess, home: Path) -> None:
    connection = connect_to(mongod.uri)
    client: Client
    with MongoClient(mongod.uri) as client:
        client.settled_at_start.orders.create_index([("a", 1)])
    for name in ("a_1", "b_1"):
        index = KeptIndex(ns=NS, name=name, definition=keep({"key": {name[0]: 1}, "name": name}))
        undo = UndoData(
            kind="drop indexes",
            ns=NS,
            connection=connection.target.id,
            indexes=(index,),
            owner_pid=GONE,
            owner_started=1.0,
        )
        default_journal().intend("create index", connection.target, f"createIndexes {name}", undo)
    settings = Settings(connections=(connection,))
    feed = FakeFeed(full_snapshots(2), settings=settings)
    app = PerftuiApp(feed, settings)
    async with app.run_test(size=(160, 30)) as pilot:
        await until(pilot, lambda: len(feed.told) >= 2)
        await until(pilot, lambda: "Nobody saw the end of a build. " in text(app))
    assert [(event.kind, event.severity) for event in feed.told] == [
        ("action.done", "info"),
        ("action.failed", "warning"),
    ]
    assert "a_1 on settled_at_start.orders: seen ready at a later look." in feed.told[0].message
    assert "b_1 was not there at a later look" in feed.told[1].message
    assert unfinished_builds(default_journal()) == ()
