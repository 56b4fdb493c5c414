"""What an incident may touch: the demo's own servers and application, and workers beside them."""

import os
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from perftui.demo import FAULTS_PATH
from perftui.demo.documents import Document
from perftui.demo.faults import Faults
from perftui.demo.incidents.working import AT_WORK
from perftui.demo.seeding import DATABASE
from perftui.servers import ManagedProcess

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.database import Database
    from redis import Redis

    from perftui.demo.session import DemoSession

_WORKER_TIMEOUT_S, _END_TIMEOUT_S = 60.0, 20.0
_STEP_S = 0.02


class Scene:
    """Whatever is opened here is closed at the end of the drill, and dies with the demo in any case."""

    def __init__(self, session: "DemoSession") -> None:
        self.session = session
        self._opened = ExitStack()
        self._workers: list[ManagedProcess] = []

    def client(self, name: str, **options: Any) -> "MongoClient[Document]":
        """A client of the first member, by this name in its connections."""
        return self._opened.enter_context(self.session.mongod.client(appname=name, **options))

    def database(self, name: str) -> "Database[Document]":
        return self.client(name)[DATABASE]

    def redis(self, name: str, database: int = 0) -> "Redis":
        from redis import Redis

        port = self.session.redis.port
        client: Redis = Redis(port=port, db=database, client_name=name, socket_timeout=60)
        self._opened.callback(client.close)
        return client

    def start_worker(self, module: str, *arguments: object) -> ManagedProcess:
        """`python -m perftui.demo.incidents.<module>`; returns when it is at work. Raises `RuntimeError`."""
        worker = self.session.start_module(f"incidents.{module}", *map(str, arguments))
        self._workers.append(worker)
        deadline = time.monotonic() + _WORKER_TIMEOUT_S
        while AT_WORK not in worker.log_since_start():
            if not worker.running or time.monotonic() > deadline:
                raise RuntimeError(f"{module} did not begin: {worker.last_words()}")
            time.sleep(_STEP_S)
        return worker

    def tell(self, worker: ManagedProcess) -> None:
        """Let a worker that waits for it (`when_told`) go on."""
        os.kill(worker.pid, signal.SIGUSR1)

    def start_program(self, name: str, command: list[str]) -> ManagedProcess:
        """Any other program, in the demo's folder."""
        program = self.session.servers.start_process(name, command)
        self._workers.append(program)
        return program

    def set_faults(self, faults: Faults) -> None:
        """Cause these in the application, and mend all others."""
        import httpx
        import msgspec

        headers = {"Authorization": self.session.control_bearer.reveal()}
        url, body = self.session.application_url + FAULTS_PATH, msgspec.json.encode(faults)
        httpx.post(url, content=body, headers=headers, timeout=60.0, trust_env=False).raise_for_status()

    def end_operations(self, name: str) -> None:
        """Kill what clients of this name still run, and return when the server has ended it."""
        admin = self.client("perftui-demo").admin
        deadline = time.monotonic() + _END_TIMEOUT_S
        mine = {"appName": name, "active": True, "op": {"$ne": "none"}}
        while time.monotonic() < deadline:
            running = list(admin.aggregate([{"$currentOp": {}}, {"$match": mine}]))
            if not running:
                return
            for operation in running:
                admin.command({"killOp": 1, "op": operation["opid"]})
            time.sleep(_STEP_S)

    def end_workers(self) -> None:
        for worker in self._workers:
            worker.stop()
        self._workers.clear()

    def close(self) -> None:
        """Close every client."""
        self.end_workers()
        self._opened.close()
