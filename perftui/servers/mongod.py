"""A private mongod, alone or as a member of a replica set."""

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perftui.servers.errors import ServerStartFailed
from perftui.servers.server import ServerProcess

if TYPE_CHECKING:
    from pymongo import MongoClient

_CACHE_GB = "0.25"
_FIRST_ELECTION_MS, _ELECTION_MS = 2_000, 8_000
"""A set shall be there soon; and then no pause of a busy machine shall be taken for its primary's death."""
_HEARTBEAT_MS = 500
_PATIENCE_MS = 20_000
_PRIMARY_TIMEOUT_S = 60.0
_LOG_LINES = 40
_UNAUTHORIZED = 13
_PARAMETERS = (
    "diagnosticDataCollectionEnabled=false",
    "shutdownTimeoutMillisForSignaledShutdown=200",
)


class MongodProcess(ServerProcess):
    """Listens on 127.0.0.1 only, without a Unix socket, with a small cache."""

    ready_words = b"Waiting for connections"
    replica_set: str | None = None
    """The name of its set."""
    alone = True
    """Whether it is its set's only member, so that it is primary whenever it is ready."""

    @property
    def uri(self) -> str:
        return f"mongodb://{self.address}/"

    @property
    def direct_uri(self) -> str:
        """This member only, whatever its role."""
        return f"mongodb://{self.address}/?directConnection=true"

    @contextmanager
    def client(self, **options: Any) -> Iterator["MongoClient[dict[str, Any]]"]:
        """A direct client that gives a busy machine 20 s to answer, closed at the end."""
        from pymongo import MongoClient

        defaults: dict[str, Any] = {"serverSelectionTimeoutMS": _PATIENCE_MS, "connectTimeoutMS": _PATIENCE_MS}
        with MongoClient[dict[str, Any]](self.direct_uri, **{**defaults, **options}) as client:
            yield client

    def create_administrator(self, user: str, password: str) -> None:
        """The first user of a server started with `--auth`, by the localhost exception; has the role `root`."""
        with self.client() as client:
            client.admin.command("createUser", user, pwd=password, roles=["root"])

    def is_primary(self) -> bool:
        """Whether it says so itself, without logging in."""
        with self.client() as client:
            return bool(client.admin.command("hello").get("isWritablePrimary"))

    def wait_ready(self, timeout_s: float = 60.0) -> None:
        """Return once it answers, and is primary again where it is alone; raises `ServerStartFailed`."""
        super().wait_ready(timeout_s)
        if self.replica_set is not None and self.alone:
            wait_for_roles([self])

    def last_words(self, lines: int = 3) -> str:
        """Its last messages without the JSON around them; the errors among them where there are any."""
        entries = [_entry(line) for line in super().last_words(_LOG_LINES).splitlines()]
        errors = [text for is_error, text in entries if is_error]
        return "\n".join((errors or [text for _, text in entries])[-lines:])

    def _command(self, folder: Path) -> list[str]:
        data = folder / "data"
        data.mkdir(mode=0o700, exist_ok=True)
        options = ["--port", str(self.port), "--bind_ip", "127.0.0.1", "--dbpath", str(data), "--nounixsocket"]
        options += ["--wiredTigerCacheSizeGB", _CACHE_GB, "--quiet"]
        for parameter in _PARAMETERS:
            options += ["--setParameter", parameter]
        return [str(self.binary), *options, *self.arguments]

    def _answers(self) -> bool:
        from pymongo.errors import PyMongoError

        try:
            with self.client(serverSelectionTimeoutMS=500, connectTimeoutMS=500) as client:
                client.admin.command("hello")
        except PyMongoError:
            return False
        return True


def _entry(line: str) -> tuple[bool, str]:
    """Whether a log line is an error, and its message in words."""
    try:
        entry = json.loads(line)
        attributes = entry.get("attr", {})
        detail = attributes.get("error") or attributes.get("msg")
    except (ValueError, AttributeError):
        return True, line
    return entry.get("s") in ("E", "F"), f"{entry.get('msg', '')}: {detail}" if detail else entry.get("msg", "")


def initiate(name: str, members: Sequence[MongodProcess], arbiters: Sequence[MongodProcess] = ()) -> None:
    """Make the processes one replica set whose primary is the first, and wait until all have their roles."""
    configuration = {
        "_id": name,
        "members": [
            {
                "_id": number,
                "host": process.address,
                "arbiterOnly": process in arbiters,
                "priority": 0 if process in arbiters else 2 if number == 0 else 1,
            }
            for number, process in enumerate([*members, *arbiters])
        ],
        "settings": {"electionTimeoutMillis": _FIRST_ELECTION_MS, "heartbeatIntervalMillis": _HEARTBEAT_MS},
    }
    with members[0].client() as client:
        client.admin.command("replSetInitiate", configuration)
    for process in (*members, *arbiters):
        process.replica_set, process.alone = name, len(members) == 1
    wait_for_roles(members, arbiters)
    if len(members) > 1:
        _calm(members[0])


def _calm(first: MongodProcess) -> None:
    """Once the first is primary, let it be given up later; a set with logins, which nobody has yet, stays as it is."""
    from pymongo.errors import PyMongoError

    deadline = time.monotonic() + _PRIMARY_TIMEOUT_S
    with first.client() as client:
        while True:
            try:
                configuration = client.admin.command("replSetGetConfig")["config"]
                configuration["settings"]["electionTimeoutMillis"] = _ELECTION_MS
                configuration["version"] += 1
                client.admin.command("replSetReconfig", configuration)
                return
            except PyMongoError as error:  # another was elected first, or not all have the first configuration yet
                if getattr(error, "code", None) == _UNAUTHORIZED:
                    return
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def wait_for_roles(members: Sequence[MongodProcess], arbiters: Sequence[MongodProcess] = ()) -> None:
    """Return once one member is primary and each other is secondary or arbiter."""
    deadline = time.monotonic() + _PRIMARY_TIMEOUT_S
    while time.monotonic() < deadline:
        roles = [_role(process) for process in (*members, *arbiters)]
        if roles.count("primary") == 1 and None not in roles:
            return
        time.sleep(0.05)
    raise ServerStartFailed(f"The replica set has no primary. The log ends with: {members[0].last_words()}")


def _role(process: MongodProcess) -> str | None:
    """`None` also where it does not answer in time: whoever waits asks again."""
    from pymongo.errors import PyMongoError

    try:
        with process.client() as client:
            answer = client.admin.command("hello")
    except PyMongoError:
        return None
    flags = {"isWritablePrimary": "primary", "secondary": "secondary", "arbiterOnly": "arbiter"}
    return next((role for flag, role in flags.items() if answer.get(flag)), None)
