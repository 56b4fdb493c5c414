"""Everything the demo runs: private servers, documents, the application and its load."""

import os
import secrets
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from perftui.demo.application_settings import ApplicationSettings
from perftui.demo.library import Search
from perftui.demo.options import DemoOptions
from perftui.demo.running import announce
from perftui.model.secret import Secret
from perftui.model.target import Connection
from perftui.servers import ManagedProcess, MongodProcess, PrivateServers, RedisProcess, ServerStartFailed
from perftui.servers.ports import free_port

__all__ = ["METRICS_PATH", "DemoOptions", "DemoSession", "Progress"]

Progress = Callable[[str, float], None]
METRICS_PATH = "/perftui/v1/metrics"
_SET = "demo"
_READY_TIMEOUT_S = 60.0
_RUNNING_WORDS = b"Uvicorn running on"


def _silent(_step: str, _done: float) -> None:
    return


class DemoSession:
    """`with DemoSession(...) as session:` runs the demo; nothing is left of it afterwards, however it ends.

    Entering takes seconds and tells `progress(step, done)` of each step, `done` from 0 to 1. It raises
    `ServerBinaryMissing` and `ServerStartFailed`.
    """

    servers: PrivateServers
    mongod: MongodProcess
    """The first member, primary at the start."""
    members: list[MongodProcess]
    """Of its replica set, all with data."""
    redis: RedisProcess
    application: ManagedProcess
    load: ManagedProcess
    application_url: str

    def __init__(self, options: DemoOptions | None = None, progress: Progress = _silent) -> None:
        self.options = options or DemoOptions()
        self._progress = progress
        self._token, self._control_token = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        self._search: Search = "text" if self.options.indexed else "regex"
        self._release = 1

    @property
    def uris(self) -> tuple[str, ...]:
        """What the monitor looks at."""
        return (self.mongodb_uri, self.redis.uri, self.application_url + METRICS_PATH)

    @property
    def mongodb_uri(self) -> str:
        """Of the server, or of the replica set where it has several members."""
        if len(self.members) == 1:
            return self.mongod.uri
        return f"mongodb://{','.join(member.address for member in self.members)}/?replicaSet={_SET}"

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The same, as the monitor's settings hold it, and this machine."""
        from perftui.targets import connect_to, this_machine

        mongodb, redis, application = self.uris
        bearer = {"Authorization": self.bearer}
        return (
            connect_to(mongodb, name="demo"),
            connect_to(redis, name="demo-cache"),
            connect_to(application, name="prompt-library", headers=bearer),
            this_machine(),
        )

    def keep(self) -> int:
        """Let everything run on; a SIGTERM to the process returned ends and removes it all."""
        return self.servers.keep()

    def __enter__(self) -> Self:
        self.servers = PrivateServers()
        try:
            self._start()
        except BaseException:
            self.servers.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.servers.close()

    def _start(self) -> None:
        self._progress("Starting Redis", 0.0)
        limit = ("--maxmemory", self.options.cache_memory, "--maxmemory-policy", "allkeys-lru")
        self.redis = self.servers.start_redis(arguments=limit)
        self._progress("Starting MongoDB", 0.0)
        self.members = self._start_members()
        self.mongod = self.members[0]
        self._seed()
        self._progress("Starting the application", 0.0)
        self.application_url = self._start_application()
        if self.options.visitors:
            self._progress("Starting the load", 0.0)
            self.load = self.start_module("load", *self._load_arguments())
        self._progress("Ready", 1.0)

    def _start_members(self) -> list[MongodProcess]:
        if self.options.members == 1:
            return [self.servers.start_mongod(replica_set=_SET)]
        return self.servers.start_replica_set(_SET, self.options.members)

    def restart_application(self, search: Search) -> None:
        """End the application and start its release that searches this way. Raises `ServerStartFailed`."""
        self.application.stop()
        self._search = search
        self.application_url = self._start_application()

    def release(self, number: int) -> None:
        """End the application and start this release of it, on the same port. Raises `ServerStartFailed`.

        Release 2 shows related prompts beside each prompt: a query that no index serves.
        """
        port = int(self.application_url.rpartition(":")[2])
        self.application.stop()
        self._release = number
        self._start_application(port)

    def start_visitors(self, calls: int) -> ManagedProcess:
        """The first `calls` calls of the load; its log ends with what became of them, as JSON."""
        return self.start_module("load", *self._load_arguments(), "--calls", str(calls))

    @property
    def bearer(self) -> Secret:
        """The header with which the application lets its metrics be cleared."""
        return Secret(f"Bearer {self._token}")

    @property
    def control_bearer(self) -> Secret:
        """The header with which the application lets its caches be switched, and faults be caused in it."""
        return Secret(f"Bearer {self._control_token}")

    def _seed(self) -> None:
        from perftui.demo.indexes import create_indexes
        from perftui.demo.seeding import profile_everything, seed_documents

        now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        step = f"Inserting {self.options.documents:,} documents"
        with self.mongod.client(appname="perftui-demo") as client:
            seed_documents(
                client,
                self.options.documents,
                seed=self.options.seed,
                now=now,
                progress=lambda done: self._progress(step, done),
            )
            if self.options.indexed:
                self._progress("Creating the indexes", 0.0)
                create_indexes(client)
            profile_everything(client)

    def _start_application(self, port: int | None = None) -> str:
        wanted = port or self.options.port
        tries = 5 if wanted is None else 1
        for _ in range(tries):
            port = wanted or free_port()
            self.application = self.start_module("application", "--port", str(port))
            if self._listens():
                url = f"http://127.0.0.1:{port}"
                announce(self.servers.folder, url, Secret(self._control_token))
                return url
        words = self.application.last_words()
        raise ServerStartFailed(f"The demo's application did not start. Its log ends with: {words}")

    def _listens(self) -> bool:
        deadline = time.monotonic() + _READY_TIMEOUT_S
        while self.application.running and time.monotonic() < deadline:
            if _RUNNING_WORDS in self.application.log_since_start():
                return True
            time.sleep(0.02)
        return False

    def _load_arguments(self) -> list[str]:
        options = self.options
        numbers = ("--rate", options.rate_per_s, "--documents", options.documents, "--seed", options.seed)
        return ["--url", self.application_url, *map(str, numbers)]

    def start_module(self, name: str, *arguments: str) -> ManagedProcess:
        """`python -m perftui.demo.<name>`, told of the stores; ended with all the rest."""
        options = self.options
        settings = ApplicationSettings(
            mongodb_uri=self.mongodb_uri,
            redis_uri=self.redis.uri,
            token=self._token,
            control_token=self._control_token,
            search=self._search,
            ttl_s=options.ttl_s,
            switches=options.switches,
            pool=options.pool,
            release=self._release,
        )
        command = [sys.executable, "-m", f"perftui.demo.{name}", *arguments]
        return self.servers.start_process(name, command, {**os.environ, **settings.to_environment()})
