"""Everything the demo runs: private servers, documents, the application and its load."""

import os
import secrets
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from perftui.demo import MONGODB_VARIABLE, REDIS_VARIABLE, TOKEN_VARIABLE
from perftui.demo.load import DEFAULT_RATE_PER_S
from perftui.model.secret import Secret
from perftui.model.target import Connection
from perftui.servers import ManagedProcess, MongodProcess, PrivateServers, RedisProcess, ServerStartFailed
from perftui.servers.ports import free_port

Progress = Callable[[str, float], None]
METRICS_PATH = "/perftui/v1/metrics"
_READY_TIMEOUT_S = 30.0
_RUNNING_WORDS = b"Uvicorn running on"


@dataclass(frozen=True, kw_only=True)
class DemoOptions:
    documents: int = 150_000
    rate_per_s: float = DEFAULT_RATE_PER_S
    port: int | None = None
    """The application's; a free one by default."""
    seed: int = 1
    keep: bool = False
    """Let everything run on at the end."""


def _silent(_step: str, _done: float) -> None:
    return


class DemoSession:
    """`with DemoSession(...) as session:` runs the demo; nothing is left of it afterwards, however it ends.

    Entering takes seconds and tells `progress(step, done)` of each step, `done` from 0 to 1. It raises
    `ServerBinaryMissing` and `ServerStartFailed`.
    """

    servers: PrivateServers
    mongod: MongodProcess
    redis: RedisProcess
    application: ManagedProcess
    load: ManagedProcess
    application_url: str

    def __init__(self, options: DemoOptions | None = None, progress: Progress = _silent) -> None:
        self.options = options or DemoOptions()
        self._progress = progress
        self._token = secrets.token_urlsafe(24)

    @property
    def uris(self) -> tuple[str, ...]:
        """What the monitor looks at."""
        return (self.mongod.uri, self.redis.uri, self.application_url + METRICS_PATH)

    @property
    def connections(self) -> tuple[Connection, ...]:
        """The same, as the monitor's settings hold it, and this machine."""
        from perftui.targets import connect_to, this_machine

        mongodb, redis, application = self.uris
        bearer = {"Authorization": Secret(f"Bearer {self._token}")}
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
        self.redis = self.servers.start_redis(arguments=("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru"))
        self._progress("Starting MongoDB", 0.0)
        self.mongod = self.servers.start_mongod(replica_set="demo")
        self._seed()
        self._progress("Starting the application", 0.0)
        self.application_url = self._start_application()
        self._progress("Starting the load", 0.0)
        self.load = self._start_module("load", *self._load_arguments())
        self._progress("Ready", 1.0)

    def _seed(self) -> None:
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
            profile_everything(client)

    def _start_application(self) -> str:
        tries = 5 if self.options.port is None else 1
        for _ in range(tries):
            port = self.options.port or free_port()
            self.application = self._start_module("application", "--port", str(port))
            if self._listens():
                return f"http://127.0.0.1:{port}"
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

    def _start_module(self, name: str, *arguments: str) -> ManagedProcess:
        known = {MONGODB_VARIABLE: self.mongod.uri, REDIS_VARIABLE: self.redis.uri, TOKEN_VARIABLE: self._token}
        command = [sys.executable, "-m", f"perftui.demo.{name}", *arguments]
        return self.servers.start_process(name, command, {**os.environ, **known})
