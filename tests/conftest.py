"""Real servers for every room, and a home without the user's own settings."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from perftui.servers import MongodProcess, PrivateServers, RedisProcess

if TYPE_CHECKING:
    from perftui.demo.session import DemoSession

_HIDDEN = ("MONGODB_URI", "REDIS_URL", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES")
_HIDDEN_PREFIXES = ("PERFTUI_", "TEXTUAL")


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
    for name in [name for name in os.environ if name in _HIDDEN or name.startswith(_HIDDEN_PREFIXES)]:
        monkeypatch.delenv(name)
    return place


@pytest.fixture(scope="session")
def session_servers() -> Iterator[PrivateServers]:
    """The servers that all tests of one worker share."""
    with PrivateServers() as servers:
        yield servers


@pytest.fixture(scope="session")
def mongod(session_servers: PrivateServers) -> MongodProcess:
    """The primary of a replica set of one. Use your own database in it, and leave its settings as they are."""
    return session_servers.start_mongod(replica_set="rs0")


@pytest.fixture(scope="session")
def redis_server(session_servers: PrivateServers) -> RedisProcess:
    """A shared Redis. Use your own keys in it, and leave its settings as they are."""
    return session_servers.start_redis()


@pytest.fixture(scope="session")
def demo() -> Iterator["DemoSession"]:
    """A small demo under load: its servers, application and visitors. Leave its settings as they are."""
    from perftui.demo.session import DemoOptions, DemoSession

    with DemoSession(DemoOptions(documents=2_000, rate_per_s=30.0)) as session:
        yield session


@pytest.fixture
def private_servers() -> Iterator[PrivateServers]:
    """Servers of this test only, for what changes a whole server."""
    with PrivateServers() as servers:
        yield servers
