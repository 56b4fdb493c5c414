"""An index that a killed benchmark left is offered to be dropped when the monitor starts."""

from pathlib import Path
from typing import Any

import pytest
from fakes import FakeFeed, full_snapshots
from frames import text, until
from helpers.acting import indexes
from msgspec.structs import replace
from pymongo import MongoClient

from perftui.actions.index_spec import keep
from perftui.actions.journal import default_journal
from perftui.actions.pending import TRIAL_ACTION, left_trials
from perftui.actions.undo_data import KeptIndex, UndoData
from perftui.model.settings import Settings
from perftui.servers import MongodProcess
from perftui.targets import connect_to
from perftui.tui.app import PerftuiApp
from perftui.tui.dialogs import confirm
from perftui.tui.dialogs.confirm import ConfirmDialog

Client = MongoClient[dict[str, Any]]
DATABASE = "left_trial"
NS = f"{DATABASE}.orders"
GONE = 2**22 - 1


@pytest.mark.parametrize("read_only", [False, True])
async def test_an_index_of_a_killed_benchmark_is_offered(
    read_only: bool, mongod: MongodProcess, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirm, "DEAF_S", 0.0)
    connection = replace(connect_to(mongod.uri), read_only=read_only)
    client: Client
    with MongoClient(mongod.uri) as client:
        client.drop_database(DATABASE)
        client[DATABASE].orders.create_index([("a", 1)])
        index = KeptIndex(ns=NS, name="a_1", definition=keep(indexes(client, NS)["a_1"]))
        undo = UndoData(
            kind="drop indexes",
            ns=NS,
            connection=connection.target.id,
            indexes=(index,),
            owner_pid=GONE,
            owner_started=1.0,
        )
        journal = default_journal()
        journal.conclude(journal.intend(TRIAL_ACTION, connection.target, "createIndexes", undo), "done", "ready")
        settings = Settings(connections=(connection,))
        app = PerftuiApp(FakeFeed(full_snapshots(2), settings=settings), settings)
        async with app.run_test(size=(160, 40)) as pilot:
            if read_only:
                words = "An earlier perftui left an index of a benchmark, a_1 on left_trial.orders; read-only mode"
                await until(pilot, lambda: words in text(app))
            else:
                await until(pilot, lambda: "dropIndexes" in text(app))
                assert "Drop it" in text(app)
                await until(pilot, lambda: isinstance(app.screen, ConfirmDialog) and app.screen._hears_from is not None)
                await pilot.press("y")
                await until(pilot, lambda: "a_1" not in indexes(client, NS))
        assert ("a_1" in indexes(client, NS)) == read_only
        client.drop_database(DATABASE)
    assert bool(left_trials(default_journal())) == read_only
