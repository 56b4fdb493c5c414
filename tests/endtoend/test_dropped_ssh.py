"""A connection that drops while a build, a profiling window or a proof is under way: the next start finds it all."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.asked_orders import INDEX, asked_orders, build_held, index_names, to_the_shape
from helpers.monitoring import ENTER, ESCAPE, answer, leave, monitor, press_until
from helpers.terminal import Terminal
from pymongo import MongoClient

from perftui.actions.journal import default_journal
from perftui.actions.pending import pending_restorations, unfinished_builds
from perftui.servers import MongodProcess, PrivateServers

Client = MongoClient[dict[str, Any]]
WAYS = ("hangup", "kill")


@pytest.fixture
def server(private_servers: PrivateServers) -> Iterator[MongodProcess]:
    with asked_orders(private_servers) as mongod:
        yield mongod


def drop(terminal: Terminal, way: str) -> None:
    """The terminal goes away, or the process with it."""
    if way == "hangup":
        terminal.hangup()
    else:
        terminal.process.send_signal(signal.SIGKILL)
    terminal.process.wait(60)


def create(terminal: Terminal) -> None:
    """Ask for advice on the shape under the cursor, and create what is advised."""
    to_the_shape(terminal)
    terminal.send("a")
    terminal.wait_for(r"customer: 1, at: -1", timeout_s=60)
    terminal.send("A")
    terminal.wait_for("createIndexes")
    answer(terminal, "Create it")


def see_the_proof(terminal: Terminal) -> None:
    """Of the shape's card: from the figures of before the first perftui ended."""
    terminal.send("3/customer" + ENTER)
    press_until(terminal, "g", lambda text: "> shop.orders find {customer: ?} sort {at: -1}" in text)
    terminal.send(ENTER)
    terminal.wait_for(rf"PROOF OF {INDEX}", timeout_s=60)
    terminal.wait_for(r"helped: .*documents 20,000 to 5", timeout_s=120)
    press_until(terminal, ESCAPE, lambda text: "1 Overview" in text)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.long
def test_a_build_is_watched_again_to_its_end_and_proved(way: str, server: MongodProcess) -> None:
    with build_held(server):
        with monitor(server.uri, columns=160, lines=50) as terminal:
            create(terminal)
            terminal.wait_until(lambda: INDEX in index_names(server))
            drop(terminal, way)
        assert INDEX in index_names(server), "the server gave the build up"
        (left,) = unfinished_builds(default_journal())
        assert left.undo is not None
        assert left.undo.indexes[0].name == INDEX
        with monitor(server.uri, columns=160, lines=50) as again:
            again.wait_for(r"build goes on and is watched again: .*customer_1_at_-1", timeout_s=60)
            again.send("q")
            again.wait_for(f"{INDEX} on shop.orders goes on at the server")
            leave(again)
            assert f"{INDEX} on shop.orders goes on at the server" in again.screen_text()
        third = monitor(server.uri, columns=160, lines=50)
        terminal = third.__enter__()
        terminal.wait_for(r"build goes on and is watched again", timeout_s=60)
    try:
        terminal.wait_for(rf"{INDEX} on shop\.orders is ready", timeout_s=60)
        (record,) = default_journal().read()
        assert record.outcome is not None
        assert record.outcome.state == "done"
        assert unfinished_builds(default_journal()) == ()
        see_the_proof(terminal)
        leave(terminal)
    finally:
        third.__exit__(None, None, None)


@pytest.mark.timeout(400)
@pytest.mark.parametrize("way", WAYS)
def test_a_proof_is_finished_with_the_figures_from_before(way: str, server: MongodProcess) -> None:
    with monitor(server.uri, columns=160, lines=50) as terminal:
        create(terminal)
        terminal.wait_for(rf"{INDEX} on shop\.orders is ready", timeout_s=60)
        drop(terminal, way)
    with monitor(server.uri, columns=160, lines=50) as again:
        see_the_proof(again)
        leave(again)


def profile_of(server: MongodProcess) -> dict[str, Any]:
    client: Client
    with MongoClient(server.uri) as client:
        reply = client.shop.command({"profile": -1})
        return {name: reply[name] for name in ("was", "slowms", "sampleRate")}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("way", WAYS)
def test_the_profiler_s_settings_come_back(way: str, server: MongodProcess) -> None:
    client: Client
    with MongoClient(server.uri) as client:
        client.shop.command({"profile": 2, "slowms": 77})
    before = profile_of(server)
    with monitor(server.uri, columns=120, lines=40) as terminal:
        terminal.send("3")
        terminal.wait_for(r"shop\.orders find")
        terminal.send("P")
        terminal.wait_for("(?i)slowms|level")
        terminal.send(ENTER)
        terminal.wait_for(r"profile: \d")
        answer(terminal, "Set it")
        terminal.wait_until(lambda: profile_of(server) != before)
        terminal.wait_until(lambda: default_journal().read()[-1].outcome)
        drop(terminal, way)
    if way == "hangup":
        assert profile_of(server) == before, "it had time to put them back itself"
        assert pending_restorations(default_journal()) == ()
        return
    assert profile_of(server) != before
    with monitor(server.uri, columns=120, lines=40) as again:
        again.wait_for("Restore the profiling of shop")
        again.wait_for("slowms: 77")
        assert profile_of(server) != before
        answer(again, "Restore it")
        again.wait_for("The profiling of shop is back at")
        assert profile_of(server) == before
        assert pending_restorations(default_journal()) == ()
        leave(again)
