"""Real servers for every room, and a home without the user's own settings."""

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from helpers.ordering import long_ones_early
from helpers.patience import be_patient
from hypothesis import HealthCheck, settings

from perftui.servers import MongodProcess, PrivateServers, RedisProcess, ports

if TYPE_CHECKING:
    from helpers.bastions import TestBastion

    from perftui.demo.session import DemoSession

# Where Python keeps nothing compiled, each of the thousand processes that the tests start would compile perftui anew.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# A shell in the background, or nohup, has all that the tests start ignore what some of them test.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long examples take to make says how busy the machine is, and nothing about the program.
settings.register_profile("unhurried", max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

be_patient()

# Workers have ports of their own: not every server that loses the race for one tries another.
_NUMBER, _WORKERS = (os.environ.get(name, "") for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT"))
if _NUMBER[2:].isdecimal() and _WORKERS.isdecimal():
    ports._RANGE = ports._RANGE[int(_NUMBER[2:]) :: int(_WORKERS)]

# A server in a replica set looks after its sessions every five minutes, with commands that would be counted.
_QUIET = ("--setParameter", "disableLogicalSessionCacheRefresh=true")
_HIDDEN = ("MONGODB_URI", "REDIS_URL", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
_HIDDEN_PREFIXES = ("PERFTUI_", "TEXTUAL")


def pytest_xdist_auto_num_workers() -> int:
    """Of `-n auto`: tests wait for servers and screens more than they compute."""
    return (os.cpu_count() or 1) + 2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After the tests were shuffled."""
    long = [one for one in items if one.get_closest_marker("long")]
    items[:] = long_ones_early(items, long, int(_WORKERS) if _WORKERS.isdecimal() else 1)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home; nothing of the user's own settings or targets reaches a test."""
    place = tmp_path / "home"
    place.mkdir()
    folders = {
        "XDG_CONFIG_HOME": ".config",
        "XDG_STATE_HOME": ".state",
        "XDG_DATA_HOME": ".data",
        "XDG_CACHE_HOME": ".cache",
    }
    for variable, folder in folders.items():
        monkeypatch.setenv(variable, str(place / folder))
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("TERM", "xterm-256color")  # a build has none, and what a terminal can do is read from it
    for name in [name for name in os.environ if name in _HIDDEN or name.startswith(_HIDDEN_PREFIXES)]:
        monkeypatch.delenv(name)
    return place


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a demo puts its folder, and nothing else does."""
    place = tmp_path / "temporary"
    place.mkdir()
    monkeypatch.setenv("TMPDIR", str(place))
    return place


@pytest.fixture(scope="session")
def session_servers() -> Iterator[PrivateServers]:
    """The servers that all tests of one worker share."""
    with PrivateServers() as servers:
        yield servers


@pytest.fixture(scope="session")
def mongod(session_servers: PrivateServers) -> MongodProcess:
    """The primary of a replica set of one. Use your own database in it, and leave its settings as they are."""
    return session_servers.start_mongod(replica_set="rs0", arguments=_QUIET)


@pytest.fixture(scope="session")
def redis_server(session_servers: PrivateServers) -> RedisProcess:
    """A shared Redis. Use your own keys in it, and leave its settings as they are."""
    return session_servers.start_redis()


@pytest.fixture(scope="session")
def unvisited_demo() -> Iterator["DemoSession"]:
    """A small demo: its servers and application. Its visitors stand still, so that they cost other tests nothing."""
    from perftui.demo.session import DemoOptions, DemoSession

    with DemoSession(DemoOptions(documents=2_000, rate_per_s=15.0)) as session:
        session.load.suspend()
        yield session


@pytest.fixture
def demo(unvisited_demo: "DemoSession") -> Iterator["DemoSession"]:
    """The same while its visitors come. Leave its settings as they are."""
    unvisited_demo.load.resume()
    try:
        yield unvisited_demo
    finally:
        unvisited_demo.load.suspend()


@pytest.fixture
def private_servers() -> Iterator[PrivateServers]:
    """Servers of this test only, for what changes a whole server."""
    with PrivateServers() as servers:
        yield servers


@pytest.fixture
def bastion(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator["TestBastion"]:
    """A running sshd; afterwards it is gone, and so is every ssh of the test. A parameter is a line of its options."""
    from helpers.bastions import MISSING, TestBastion, ssh_processes

    from perftui.via import opening

    if MISSING:
        pytest.skip(MISSING)
    place = TestBastion(tmp_path / "bastion", *([request.param] if hasattr(request, "param") else []))
    try:
        with place:
            yield place
    finally:
        opening.close_all()
    assert ssh_processes(tmp_path) == []
