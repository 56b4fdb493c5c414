"""The first start after an index was created says what became of it, once; so does the journal."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.asked_orders import INDEX, asked_orders, to_the_shape
from helpers.monitoring import answer, leave, monitor
from helpers.waiting import wait_until

from perftui.actions.journal import Record, default_journal
from perftui.model.proof import Aftermath
from perftui.servers import MongodProcess, PrivateServers

pytestmark = pytest.mark.long

INDEX_COMMAND = [sys.executable, "-m", "perftui", "index"]


@pytest.fixture
def server(private_servers: PrivateServers) -> Iterator[MongodProcess]:
    with asked_orders(private_servers) as mongod:
        yield mongod


def perftui_index(*arguments: str) -> str:
    done = subprocess.run(
        [*INDEX_COMMAND, *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=90
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def record() -> Record:
    (found,) = default_journal().read()
    return found


def became() -> Aftermath | None:
    return next(iter(record().aftermath), None)


@pytest.mark.timeout(400)
def test_an_index_that_helped_is_told_once_with_the_figures_from_before(server: MongodProcess) -> None:
    with monitor(server.uri, columns=200, lines=50) as terminal:
        to_the_shape(terminal)
        terminal.send("a")
        terminal.wait_for(r"customer: 1, at: -1", timeout_s=60)
        terminal.send("A")
        terminal.wait_for("createIndexes")
        answer(terminal, "Create it")
        terminal.wait_for(rf"{INDEX} on shop\.orders is ready", timeout_s=60)
        kept = terminal.wait_until(became, timeout_s=200)
        assert (kept.verdict, kept.told) == ("helped", False)
        terminal.process.send_signal(signal.SIGKILL)
        terminal.process.wait(60)
    shown = perftui_index("journal")
    assert f"{INDEX} on shop.orders: p95 " in shown
    with monitor(server.uri, columns=200, lines=50) as morning:
        found = morning.wait_for(
            r"Your index on shop\.orders of \d\d:\d\d: p95 [\d.,]+ ms to (?:under )?[\d.,]+ ms over ([\d,]+) runs", 90
        )
        assert int(found[1].replace(",", "")) >= (kept.executions or 0)
        morning.wait_until(lambda: (one := became()) is not None and one.told)
        morning.send("8")
        morning.wait_for(rf"Your index {INDEX}")
        leave(morning)
    with monitor(server.uri, columns=200, lines=50) as evening:
        evening.send("8")
        evening.wait_for(r"1 Overview")
        with pytest.raises(AssertionError, match="no 'Your index"):
            evening.wait_for("Your index", timeout_s=20)
        leave(evening)
    document: dict[str, Any] = json.loads(perftui_index("journal", server.uri, "--json"))
    (entry,) = document["records"]
    assert entry["aftermath"][0]["verdict"] == "helped"
    assert entry["aftermath"][0]["told"] is True
    assert entry["aftermath"][0]["uses"] > 0


@pytest.mark.timeout(300)
def test_an_index_that_nobody_has_used_yet_is_not_praised(server: MongodProcess) -> None:
    perftui_index("create", server.uri, "shop.orders", '{"note": 1}', "--yes")
    with monitor(server.uri, columns=200, lines=50) as terminal:
        terminal.wait_for(
            r"Your index on shop\.orders of \d\d:\d\d: not used yet; too little time has passed to tell", 120
        )
        leave(terminal)
    found = wait_until(became)
    assert (found.verdict, found.uses, found.told) == ("too little", 0, True)
    assert "note_1 on shop.orders: not used yet on 127.0.0.1:" in perftui_index("journal", server.uri)
    with server.client() as client:
        client.shop.orders.drop_index("note_1")
    with monitor(server.uri, columns=200, lines=50) as terminal:
        terminal.wait_for(r"Your index on shop\.orders of \d\d:\d\d: it is not there any more", 120)
        leave(terminal)
