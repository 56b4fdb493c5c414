"""A set of private servers that ends with its owner, however that ends."""

import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from perftui.servers.binaries import find_mongod, find_redis
from perftui.servers.errors import PortTaken
from perftui.servers.mongod import MongodProcess, initiate
from perftui.servers.ports import free_port
from perftui.servers.process import ManagedProcess
from perftui.servers.redis import RedisProcess
from perftui.servers.supervision import Reaper

_PORT_TRIES = 5
_S = TypeVar("_S", bound=ManagedProcess)


class PrivateServers:
    """Starts servers and other processes in one temporary folder; leaving it ends and removes them all."""

    def __init__(self) -> None:
        self._reaper = Reaper()
        self._processes: list[ManagedProcess] = []
        self._kept = False

    @property
    def folder(self) -> Path:
        return self._reaper.folder

    @property
    def processes(self) -> tuple[ManagedProcess, ...]:
        return tuple(self._processes)

    def start_mongod(
        self, *, replica_set: str | None = None, arguments: Sequence[str] = (), port: int | None = None
    ) -> MongodProcess:
        """A ready mongod, primary of a set of one with `replica_set`.

        Raises `ServerBinaryMissing` and `ServerStartFailed`.
        """
        process = self._start_mongod(replica_set, arguments, port)
        if replica_set is not None:
            initiate(replica_set, [process])
        return process

    def start_replica_set(
        self, name: str, members: int = 3, arbiters: int = 0, arguments: Sequence[str] = ()
    ) -> list[MongodProcess]:
        """A replica set whose first member is primary, data-bearing members first, then arbiters."""
        if "--auth" in arguments:
            arguments = [*arguments, "--keyFile", str(self.create_key_file())]
        started = [self._start_mongod(name, arguments, None) for _ in range(members + arbiters)]
        initiate(name, started[:members], started[members:])
        return started

    def start_redis(
        self, *, arguments: Sequence[str] = (), port: int | None = None, binary: Path | None = None
    ) -> RedisProcess:
        """A ready Redis. Raises `ServerBinaryMissing`, `ServerStartFailed`."""
        program = binary or find_redis()

        def start(chosen: int) -> RedisProcess:
            name = self._name("redis")
            return RedisProcess(name, program, self.folder / name, self._reaper, port=chosen, arguments=arguments)

        return self._on_free_port(start, port)

    def start_process(
        self, name: str, command: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> ManagedProcess:
        """Any other program, ended like the servers; its output goes to `<folder>/<name>.log`."""
        process = ManagedProcess(name, command, self.folder, self._reaper, environment)
        self._processes.append(process)
        return process

    def create_key_file(self) -> Path:
        """A new key that members of a replica set with `--auth` share."""
        path = self.folder / self._name("key")
        path.touch(mode=0o600)
        path.write_text(secrets.token_hex(64), "ascii")
        return path

    def keep(self) -> int:
        """Let everything run on when we end; a SIGTERM to the process returned ends and removes it all."""
        self._reaper.keep()
        self._kept = True
        return self._reaper.pid

    def close(self) -> None:
        """End every process and remove the folder, unless kept. Safe to call twice."""
        for process in self._processes:
            process.keep() if self._kept else process.kill()
        self._processes.clear()
        self._reaper.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _start_mongod(self, replica_set: str | None, arguments: Sequence[str], port: int | None) -> MongodProcess:
        program, options = find_mongod(), list(arguments)
        if replica_set is not None:
            options += ["--replSet", replica_set, "--oplogSize", "64"]
            if "--auth" in options and "--keyFile" not in options:
                options += ["--keyFile", str(self.create_key_file())]

        def start(chosen: int) -> MongodProcess:
            name = self._name("mongod")
            return MongodProcess(name, program, self.folder / name, self._reaper, port=chosen, arguments=options)

        return self._on_free_port(start, port)

    def _on_free_port(self, start: Callable[[int], _S], port: int | None) -> _S:
        tries = _PORT_TRIES if port is None else 1
        while True:
            tries -= 1
            try:
                process = start(free_port() if port is None else port)
            except PortTaken:
                if not tries:
                    raise
                continue
            self._processes.append(process)
            return process

    def _name(self, kind: str) -> str:
        return f"{kind}-{secrets.token_hex(3)}"
