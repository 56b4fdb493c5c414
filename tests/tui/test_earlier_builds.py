"""A build whose end nobody saw, on a server that answers only after the monitor has started."""

import asyncio

import pytest
from fakes import FakeFeed, full_snapshots
from frames import text, until

from perftui.actions.index_spec import keep
from perftui.actions.journal import default_journal
from perftui.actions.pending import unfinished_builds
from perftui.actions.undo_data import KeptIndex, UndoData
from perftui.model.settings import Settings
from perftui.servers import PrivateServers
from perftui.servers.ports import free_port
from perftui.targets import connect_to
from perftui.tui.app import PerftuiApp
from perftui.tui.dialogs import earlier_builds

GONE = 2**22 - 1


async def test_it_is_looked_for_until_the_server_answers(
    private_servers: PrivateServers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(earlier_builds, "_AGAIN_S", 0.2)
    port = free_port()
    connection = connect_to(f"mongodb://127.0.0.1:{port}", timeout_s=2.0)
    index = KeptIndex(ns="late.orders", name="a_1", definition=keep({"v": 2, "key": {"a": 1}, "name": "a_1"}))
    undo = UndoData(kind="drop indexes", ns="late.orders", connection=connection.target.id, indexes=(index,),
                    owner_pid=GONE, owner_started=1.0)  # fmt: skip
    journal = default_journal()
    journal.intend("create index", connection.target, "createIndexes a_1", undo)
    settings = Settings(connections=(connection,))
    app = PerftuiApp(FakeFeed(full_snapshots(2), settings=settings), settings)
    async with app.run_test(size=(200, 40)) as pilot:
        await until(pilot, lambda: "Nobody saw the end of a build at" in text(app))
        await asyncio.to_thread(private_servers.start_mongod, port=port)
        await until(pilot, lambda: "a_1 was not there at a later look" in text(app))
    (record,) = journal.read()
    assert record.outcome is not None
    assert record.outcome.state == "failed"
    assert unfinished_builds(journal) == ()
