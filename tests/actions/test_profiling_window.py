"""A window of profiling on a server of its own: set, put back, found again after a crash."""

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from helpers.acting import TEST_COMMANDS, Client, carry_out, check_and_carry_out, fail_point, profiling
from helpers.waiting import wait_until_async
from pymongo import MongoClient
from pymongo.collection import Collection

from perftui.actions import profiling_window
from perftui.actions.base import Outcome
from perftui.actions.journal import default_journal
from perftui.actions.pending import open_windows, pending_restorations
from perftui.actions.profiling_settings import ProfilingSettings, namespace_filter
from perftui.actions.profiling_window import ProfilingWindow, restore_pending
from perftui.actions.set_profiling import SetProfiling
from perftui.actions.undo import UndoAction, last_undoable
from perftui.model.errors import UserError
from perftui.servers import MongodProcess, PrivateServers
from perftui.targets import connect_to

WIDE = ProfilingSettings(level=1, slow_ms=0, sample_rate=0.5)
KILLED = """
import asyncio, os, signal, sys
from perftui.actions.journal import default_journal
from perftui.actions.profiling_settings import ProfilingSettings
from perftui.actions.profiling_window import ProfilingWindow
from perftui.actions.set_profiling import SetProfiling
from perftui.targets import connect_to

async def main():
    connection = connect_to(sys.argv[1])
    action = SetProfiling(connection, connection.target, "shop", ProfilingSettings(level=2, slow_ms=7))
    window = ProfilingWindow(action, action.describe().command, journal=default_journal())
    assert (await window.open()).state == "done"
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def server() -> Iterator[MongodProcess]:
    with PrivateServers() as servers:
        yield servers.start_mongod(replica_set="rs0", arguments=TEST_COMMANDS)


@pytest.fixture
def client(server: MongodProcess) -> Iterator[Client]:
    connected: Client
    with MongoClient(server.uri) as connected:
        orders: Collection[dict[str, Any]] = connected.shop.orders
        orders.insert_one({"a": 1})
        put_back(connected)
        yield connected
        put_back(connected)


def put_back(client: Client) -> None:
    client.shop.command({"profile": 0, "slowms": 100, "sampleRate": 1.0, "filter": "unset"})


def action_on(server: MongodProcess, settings: ProfilingSettings = WIDE, **options: Any) -> SetProfiling:
    connection = connect_to(server.uri)
    return SetProfiling(connection, connection.target, "shop", settings, **options)


def window_on(
    server: MongodProcess,
    settings: ProfilingSettings = WIDE,
    tell_failure: Callable[[Outcome], None] | None = None,
    **options: Any,
) -> ProfilingWindow:
    action = action_on(server, settings, **options)
    return ProfilingWindow(action, action.describe().command, journal=default_journal(), tell_failure=tell_failure)


async def test_inside_it_is_set_and_afterwards_as_before(server: MongodProcess, client: Client) -> None:
    client.shop.command({"profile": 0, "slowms": 42, "sampleRate": 0.25})
    before = profiling(client, "shop")
    async with window_on(server) as window:
        assert profiling(client, "shop") == {"was": 1, "slowms": 0, "sampleRate": 0.5, "filter": None}
    assert profiling(client, "shop") == before
    assert window.restored is not None
    assert (window.restored.state, pending_restorations(default_journal(), own=True)) == ("done", ())
    assert [record.intent.action for record in default_journal().read()] == ["set profiling", "restore profiling"]


async def test_the_old_settings_stand_in_the_journal_before_the_change(server: MongodProcess, client: Client) -> None:
    action = action_on(server)
    await action.check()
    undo = action.undo_data()
    assert undo is not None
    assert undo.before is not None
    assert (undo.before.level, undo.before.slow_ms, undo.before.sample_rate) == (0, 100, 1.0)
    assert (profiling(client, "shop")["was"], undo.kind) == (0, "restore profiling")


async def test_it_ends_by_itself(server: MongodProcess, client: Client) -> None:
    window = window_on(server, seconds=0.2)
    assert (await window.open()).state == "done"
    await window.closed.wait()
    assert profiling(client, "shop")["was"] == 0
    assert await window.close() == window.restored


async def test_an_error_inside_puts_it_back_too(server: MongodProcess, client: Client) -> None:
    with pytest.raises(ZeroDivisionError):
        async with window_on(server):
            raise ZeroDivisionError
    assert profiling(client, "shop")["was"] == 0


async def test_cancelled_inside_puts_it_back_too(server: MongodProcess, client: Client) -> None:
    opened = asyncio.Event()

    async def profile() -> None:
        async with window_on(server):
            opened.set()
            await asyncio.sleep(3600)

    task = asyncio.create_task(profile())
    await opened.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert profiling(client, "shop")["was"] == 0


async def test_a_filter_keeps_the_named_collections_and_a_users_filter_comes_back(
    server: MongodProcess, client: Client
) -> None:
    client.shop.system.profile.drop()  # the entries of other tests
    own = {"op": "query", "$expr": {"$lt": [{"$rand": {}}, 0.5]}}
    client.shop.command({"profile": 1, "filter": own})
    before = profiling(client, "shop")
    settings = ProfilingSettings(level=1, slow_ms=0, filter=namespace_filter(["shop.orders"]))
    async with window_on(server, settings):
        client.shop.orders.find_one({"a": 1})
        client.shop.others.find_one({"a": 1})
        kept = client.shop.system.profile.distinct("ns", {"appName": {"$exists": False}})
        assert kept == ["shop.orders"]
    assert profiling(client, "shop") == before


async def test_a_killed_perftui_is_made_good_at_the_next_start(server: MongodProcess, client: Client) -> None:
    before = profiling(client, "shop")
    ended = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", KILLED, server.uri], check=False)
    assert ended.returncode == -9
    assert profiling(client, "shop")["slowms"] == 7
    (record,) = pending_restorations(default_journal())
    assert record.undo is not None
    assert record.undo.ns == "shop"
    ((what, outcome),) = await restore_pending(default_journal(), [connect_to(server.uri)])
    assert (what, outcome.state) == (f"shop on 127.0.0.1:{server.port}", "done")
    assert profiling(client, "shop") == before
    assert pending_restorations(default_journal()) == ()
    assert await restore_pending(default_journal(), [connect_to("mongodb://elsewhere")]) == ()


async def test_what_somebody_else_changed_is_left_alone_and_told(server: MongodProcess, client: Client) -> None:
    window = window_on(server)
    await window.open()
    client.shop.command({"profile": 2, "slowms": 20})
    restored = await window.close()
    assert restored is not None
    assert restored.state == "refused"
    assert "somebody else has changed the profiling" in restored.message
    assert profiling(client, "shop")["was"] == 2
    assert pending_restorations(default_journal(), own=True) == ()


async def test_a_filter_that_was_never_read_back_is_known_as_ours_in_the_server_s_spelling(
    server: MongodProcess, client: Client
) -> None:
    """The check's look and the change are answered, the look after it is not."""
    before = profiling(client, "shop")
    window = window_on(server, ProfilingSettings(level=1, filter=namespace_filter(["shop.orders"], 0.5)))
    with failing_profile(server, {"skip": 2}):
        assert (await window.open()).state == "failed"
    assert profiling(client, "shop")["filter"] is not None
    restored = await window.close()
    assert restored is not None
    assert (restored.state, profiling(client, "shop")) == ("done", before)


async def test_a_filter_that_was_read_back_and_is_another_by_now_is_left_alone(
    server: MongodProcess, client: Client
) -> None:
    window = window_on(server, ProfilingSettings(level=1, filter=namespace_filter(["shop.orders"])))
    await window.open()
    client.shop.command({"profile": 1, "filter": {"ns": "shop.others"}})
    restored = await window.close()
    assert restored is not None
    assert restored.state == "refused"


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries again without the long pauses."""
    monkeypatch.setattr(profiling_window, "_PAUSES_S", (0.1,))
    monkeypatch.setattr(profiling_window, "_LONGEST_S", 0.1)


def failing_profile(server: MongodProcess, mode: object = "alwaysOn") -> AbstractContextManager[None]:
    return fail_point(server, "failCommand", mode=mode, data={"failCommands": ["profile"], "errorCode": 50})


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize("answered", [0, 1], ids=["before the intent", "after the intent"])
async def test_what_could_not_be_put_back_at_its_end_is_tried_again_and_told_once(
    server: MongodProcess, client: Client, answered: int
) -> None:
    told: list[Outcome] = []
    before = profiling(client, "shop")
    window = window_on(server, seconds=0.2, tell_failure=told.append)
    assert (await window.open()).state == "done"
    with failing_profile(server, {"skip": answered}):
        await wait_until_async(lambda: bool(told))
        await asyncio.sleep(0.5)
        assert not window.closed.is_set()
    await asyncio.wait_for(window.closed.wait(), 10)
    assert window.restored is not None
    assert (window.restored.state, len(told), profiling(client, "shop")) == ("done", 1, before)
    assert open_windows(default_journal(), window.action.host) == ()


@pytest.mark.usefixtures("soon")
async def test_a_journal_that_cannot_be_used_for_a_while_is_waited_for(server: MongodProcess, client: Client) -> None:
    told: list[Outcome] = []
    window = window_on(server, seconds=0.2, tell_failure=told.append)
    await window.open()
    path, aside = window.journal.path, window.journal.path.with_suffix(".aside")
    path.rename(aside)
    path.mkdir()
    await wait_until_async(lambda: bool(told))
    assert "cannot be read" in told[0].message
    path.rmdir()
    aside.rename(path)
    await asyncio.wait_for(window.closed.wait(), 10)
    assert profiling(client, "shop")["was"] == 0


@pytest.mark.usefixtures("soon")
async def test_what_somebody_else_changed_is_not_tried_again(server: MongodProcess, client: Client) -> None:
    told: list[Outcome] = []
    window = window_on(server, seconds=0.3, tell_failure=told.append)
    await window.open()
    client.shop.command({"profile": 2, "slowms": 20})
    await asyncio.wait_for(window.closed.wait(), 10)
    assert window.restored is not None
    assert (window.restored.state, told) == ("refused", [])


async def test_one_window_at_a_time_on_a_member(server: MongodProcess, client: Client) -> None:
    """slowms is the mongod's: a second window would keep the first one's as the old ones."""
    client.other.things.insert_one({"a": 1})
    async with window_on(server):
        connection = connect_to(server.uri)
        second = SetProfiling(connection, connection.target, "other", WIDE)
        with pytest.raises(UserError, match="perftui profiles shop there already"):
            async with ProfilingWindow(second, second.describe().command, journal=default_journal()):
                pass
    client.drop_database("other")


async def test_a_running_perftui_s_window_is_not_pending(server: MongodProcess, client: Client) -> None:
    async with window_on(server):
        assert pending_restorations(default_journal()) == ()
        assert len(pending_restorations(default_journal(), own=True)) == 1


async def test_for_good_is_undone_by_undo(server: MongodProcess, client: Client) -> None:
    before = profiling(client, "shop")
    assert (await check_and_carry_out(action_on(server, seconds=None))).state == "done"
    assert pending_restorations(default_journal(), own=True) == ()
    connection = connect_to(server.uri)
    record = last_undoable(default_journal(), connection)
    assert record is not None
    assert (await check_and_carry_out(UndoAction(connection, connection.target, record))).state == "done"
    assert profiling(client, "shop") == before


async def test_a_database_that_does_not_exist_is_not_made(server: MongodProcess, client: Client) -> None:
    connection = connect_to(server.uri)
    outcome = await check_and_carry_out(SetProfiling(connection, connection.target, "nowhere", WIDE))
    assert outcome.state == "refused"
    assert "there is no database nowhere" in outcome.message
    assert "nowhere" not in client.list_database_names()


async def test_read_only_sets_nothing(server: MongodProcess, client: Client) -> None:
    assert (await carry_out(action_on(server), read_only=True)).state == "refused"
    assert (profiling(client, "shop")["was"], default_journal().read()) == (0, ())


@pytest.mark.parametrize(
    "settings",
    [ProfilingSettings(level=3), ProfilingSettings(level=1, sample_rate=2.0), ProfilingSettings(level=1, slow_ms=-7)],
)
def test_what_no_server_accepts_is_no_action(server: MongodProcess, settings: ProfilingSettings) -> None:
    with pytest.raises(ValueError, match=r"level|rate|slowms"):
        action_on(server, settings)
