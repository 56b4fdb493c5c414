"""A closed window with servers attached: the monitor ends, and takes nothing down with it."""

import signal
import sys

import pytest
from helpers.monitoring import PERFTUI
from helpers.terminal import Terminal
from pymongo import MongoClient

from perftui.servers import MongodProcess, RedisProcess
from perftui.tui.terminal import LAST_RESORT_S

IGNORING_HANGUP = [
    sys.executable,
    "-c",
    "import os,signal,sys; signal.signal(signal.SIGHUP, signal.SIG_IGN);"
    "os.execv(sys.executable, [sys.executable, '-m', 'perftui', *sys.argv[1:]])",
]


@pytest.mark.parametrize("start", [PERFTUI, IGNORING_HANGUP], ids=["plain", "SIGHUP ignored"])
@pytest.mark.parametrize("keys", ["", "T", "2\r", ":"], ids=["table", "time axis", "operations", "palette"])
def test_it_ends_and_the_servers_live_on(
    start: list[str], keys: str, mongod: MongodProcess, redis_server: RedisProcess
) -> None:
    with Terminal([*start, mongod.uri, redis_server.uri], columns=120, lines=40) as terminal:
        terminal.wait_for(r"PRIMARY .* redis 8")
        terminal.send(keys)
        terminal.hangup()
        # What holds it two seconds is its own last resort; the rest is the machine's.
        assert terminal.process.wait(timeout=LAST_RESORT_S + 60) == 128 + signal.SIGHUP
    with MongoClient[dict[str, object]](mongod.uri) as client:
        assert client.admin.command("ping")["ok"] == 1
    assert mongod.running
    assert redis_server.running
    assert LAST_RESORT_S < 2
