"""MongoDB, Redis and an application read and changed through a real ssh connection."""

import asyncio
import shutil
import socket
import subprocess
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from helpers.acting import carry_out, indexes, spec
from helpers.bastions import TestBastion
from helpers.tls import TlsBefore
from helpers.waiting import wait_until_async

from perftui.actions.create_index import CreateIndexes
from perftui.actions.journal import default_journal
from perftui.actions.kill_operation import KillOperation
from perftui.actions.pending import concerns, undoable
from perftui.model.mongodb import MongoServer
from perftui.model.operation import OperationList
from perftui.model.sample import Failure, Sample
from perftui.model.settings import Settings
from perftui.model.target import Connection
from perftui.servers import MongodProcess, PrivateServers, RedisProcess
from perftui.sources.base import Source, System
from perftui.sources.registry import open_system
from perftui.targets import connect_to, listening_there
from perftui.via.opening import way_through

_NEEDS_OPENSSL = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl, which makes certificates, is not installed"
)


def connection_through(bastion: TestBastion, uri: str, **options: Any) -> Connection:
    return connect_to(uri, way=way_through("bastion", str(bastion.ssh_config)), **options)


@asynccontextmanager
async def opened(connection: Connection) -> AsyncIterator[System]:
    system = open_system(connection, Settings())
    try:
        yield system
    finally:
        for source in system.sources():
            await source.close()
        await system.close()


def servers_of(system: System) -> list[Source]:
    return [source for source in system.sources() if source.name == "mongodb.server"]


async def polled(source: Source) -> Sample:
    sample = await source.poll()
    assert sample.failure is None, sample.failure
    return sample


async def test_members_found_later_are_reached_through_the_same_connection(
    bastion: TestBastion, private_servers: PrivateServers
) -> None:
    members = private_servers.start_replica_set("rs0", 3)
    async with opened(connection_through(bastion, members[1].uri)) as system:
        await polled(servers_of(system)[0])
        assert len(servers_of(system)) == 3
        payloads = [(await polled(source)).payload for source in servers_of(system)]
        roles = sorted(payload.role or "" for payload in payloads if isinstance(payload, MongoServer))
        assert roles == ["PRIMARY", "SECONDARY", "SECONDARY"]
        ids = {source.target.id for source in servers_of(system)}
        assert ids == {f"mongodb://127.0.0.1:{member.port}#bastion" for member in members}
        assert bastion.connections() == 1
        bastion.stop()

        async def all_say_that_it_is_the_way() -> bool:
            failures = [(await source.poll()).failure for source in servers_of(system)]
            return all(one and one.message.startswith("The ssh connection through bastion is down") for one in failures)

        await wait_until_async(all_say_that_it_is_the_way)
        bastion.start()

        async def all_answer() -> bool:
            return all([(await source.poll()).failure is None for source in servers_of(system)])

        await wait_until_async(all_answer)


async def refused(source: Source) -> Failure | None:
    """What it says, once ssh's words were read: a busy machine may see the connection end long before."""
    failure = (await source.poll()).failure
    assert failure is not None
    assert failure.kind in ("refused", "unreachable"), failure
    return failure if failure.kind == "refused" else None


async def test_a_server_that_is_down_is_not_taken_for_the_way(bastion: TestBastion, redis_server: RedisProcess) -> None:
    connections = [
        connection_through(bastion, uri)
        for uri in ("mongodb://127.0.0.1:1", "redis://127.0.0.1:1", "http://127.0.0.1:1")
    ]
    for connection in connections:
        async with opened(connection) as system:
            failure = await wait_until_async(partial(refused, system.sources()[0]))
            assert failure.message == "Nothing listens on 127.0.0.1:1, as bastion sees it: the connection was refused."
    async with opened(connection_through(bastion, redis_server.uri)) as system:
        await polled(system.sources()[0])


async def test_redis_by_its_address_and_by_its_socket(
    bastion: TestBastion, private_servers: PrivateServers, tmp_path: Path
) -> None:
    path = tmp_path / "redis.sock"
    server = private_servers.start_redis(arguments=["--unixsocket", str(path), "--requirepass", "pass-word"])
    for uri in (f"redis://:pass-word@{server.address}/0", f"unix://:pass-word@{path}"):
        async with opened(connection_through(bastion, uri)) as system:
            for source in system.sources():
                await polled(source)


async def test_an_application_is_read_by_its_name(bastion: TestBastion, tmp_path: Path) -> None:
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    asked: list[str | None] = []

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Host"])
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'# TYPE http_requests_total counter\nhttp_requests_total{path="/"} 5\n')

        def log_message(self, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        async with opened(connection_through(bastion, f"http://localhost:{server.server_port}/metrics")) as system:
            await polled(system.sources()[0])
        server.shutdown()
    assert asked == [f"localhost:{server.server_port}"]


class Certificates:
    """An authority of its own and a certificate for `localhost`, not for the address."""

    def __init__(self, folder: Path) -> None:
        self.authority, self.server = folder / "ca.pem", folder / "server.pem"
        folder.mkdir()
        self._openssl(folder, "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca")
        self._openssl(folder, "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=localhost")
        (folder / "names").write_text("subjectAltName=DNS:localhost\n")
        self._openssl(
            folder,
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out server.crt",
        )
        self.server.write_text((folder / "server.key").read_text() + (folder / "server.crt").read_text())

    def _openssl(self, folder: Path, arguments: str) -> None:
        subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True, timeout=60)


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(tmp_path / "certificates")


@_NEEDS_OPENSSL
async def test_the_name_in_mongodbs_certificate_is_checked(
    bastion: TestBastion, private_servers: PrivateServers, certificates: Certificates
) -> None:
    tls = ["--tlsMode", "preferTLS", "--tlsCertificateKeyFile", str(certificates.server)]
    server = private_servers.start_mongod(arguments=tls)
    uris = [f"mongodb://{host}:{server.port}/?directConnection=true&tls=true" for host in ("localhost", "127.0.0.1")]
    right, wrong = (connection_through(bastion, uri, ca_file=str(certificates.authority)) for uri in uris)
    async with opened(right) as system:
        await polled(servers_of(system)[0])
    async with opened(wrong) as system:
        failure = (await servers_of(system)[0].poll()).failure
        assert failure is not None
        assert failure.kind == "tls"
    async with opened(connection_through(bastion, uris[1], verify_tls=False)) as system:
        await polled(servers_of(system)[0])


@_NEEDS_OPENSSL
async def test_the_name_in_rediss_certificate_is_checked(
    bastion: TestBastion, redis_server: RedisProcess, certificates: Certificates
) -> None:
    with TlsBefore(redis_server.port, certificates.server) as port:
        uris = [f"rediss://{host}:{port}/0" for host in ("localhost", "127.0.0.1")]
        right, wrong = (connection_through(bastion, uri, ca_file=str(certificates.authority)) for uri in uris)
        async with opened(right) as system:
            await polled(system.sources()[0])
        async with opened(wrong) as system:
            failure = (await system.sources()[0].poll()).failure
            assert failure is not None
            assert failure.kind == "tls", failure


async def test_an_index_is_created_and_known_to_have_gone_that_way(bastion: TestBastion, mongod: MongodProcess) -> None:
    ns = "through_bastion.orders"
    with mongod.client() as client:
        client.through_bastion.orders.insert_many([{"n": number} for number in range(100)])
        connection = connection_through(bastion, mongod.uri)
        action = CreateIndexes(connection, connection.target, (spec(ns, {"n": 1}, "n_1"),))
        assert await action.check() == ()
        assert (await carry_out(action)).state == "done"
        assert "n_1" in indexes(client, ns)
    record = undoable(default_journal())[0]
    assert concerns(record, connection)
    assert not concerns(record, connect_to(mongod.uri)), "the same address without the bastion is another server"


async def test_an_operation_is_killed_that_way(bastion: TestBastion, mongod: MongodProcess) -> None:
    connection = connection_through(bastion, mongod.uri)
    with mongod.client() as client:
        client.through_bastion.slow.insert_many([{"n": number} for number in range(20_000)])

        def sleep() -> None:
            with mongod.client() as other, pytest.raises(Exception, match="interrupted"):
                list(other.through_bastion.slow.find({"$where": "sleep(20) && false"}))

        running = threading.Thread(target=sleep, daemon=True)
        running.start()
        async with opened(connection) as system:
            (source,) = (one for one in system.sources() if one.name == "mongodb.operations")

            async def found() -> Any:
                payload = (await polled(source)).payload
                assert isinstance(payload, OperationList)
                return next((one for one in payload.operations if one.ns == "through_bastion.slow"), None)

            operation = await wait_until_async(found)
            action = KillOperation(connection, source.target, operation)
            assert not [problem for problem in await action.check() if problem.blocking]
            assert (await carry_out(action)).state == "done"
        await asyncio.to_thread(running.join, 60)
        assert not running.is_alive()


def test_what_listens_over_there_is_found(
    bastion: TestBastion, mongod: MongodProcess, redis_server: RedisProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    from perftui import targets

    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        ports = {mongod.port: "mongodb", redis_server.port: "redis", closed.getsockname()[1]: "redis"}
        monkeypatch.setattr(targets, "USUAL_PORTS", ports)
        found = listening_there(way_through("bastion", str(bastion.ssh_config)), timeout_s=5.0)
    assert found == [f"mongodb://localhost:{mongod.port}", f"redis://localhost:{redis_server.port}"]
