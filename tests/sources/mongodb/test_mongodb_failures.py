"""Why a MongoDB cannot be read, each reason told apart, from what really answers or does not."""

import asyncio
from typing import Any

import pytest
from helpers.hostile import black_hole, half_open, served
from helpers.mongodb import sources
from pymongo import AsyncMongoClient
from pymongo.errors import ServerSelectionTimeoutError

from perftui.model.sample import Failure
from perftui.servers import MongodProcess, PrivateServers, RedisProcess
from perftui.servers.ports import free_port
from perftui.sources.mongodb.failures import explain
from perftui.targets import connect_to

TIMEOUT_S = 4.0


async def failures(uri: str, timeout_s: float = TIMEOUT_S) -> list[Failure]:
    """What each source of this URI says, all of them polled at once as the monitor does."""
    async with sources(uri, timeout_s) as found:
        samples = await asyncio.gather(*(source.poll() for source in found.values()))
    assert all(sample.failure is not None for sample in samples), samples
    return [sample.failure for sample in samples if sample.failure is not None]


async def failure(uri: str, timeout_s: float = TIMEOUT_S) -> Failure:
    """The one thing that all sources say."""
    said = set(await failures(uri, timeout_s))
    assert len(said) == 1, said
    found = said.pop()
    assert found.message.endswith(".")
    assert found.help.endswith(".")
    return found


async def test_a_wrong_password(private_servers: PrivateServers) -> None:
    mongod = private_servers.start_mongod(arguments=("--auth",))
    mongod.create_administrator("root", "root-word")
    found = await failure(f"mongodb://root:other-word@127.0.0.1:{mongod.port}/?authSource=admin", timeout_s=20.0)
    assert found.kind == "login"
    assert "refused the user name or the password" in found.message
    assert "word" not in repr(found).replace("password", "")


async def test_nothing_listens() -> None:
    assert (await failure(f"mongodb://127.0.0.1:{free_port()}/")).kind == "refused"


async def test_a_poll_that_ends_before_the_driver_gives_up_says_what_it_met() -> None:
    async with sources(f"mongodb://127.0.0.1:{free_port()}/", timeout_s=20.0) as found:
        source = found["mongodb.server"]
        source.timeout_s = 2.0
        failure = (await source.poll()).failure
    assert failure is not None
    assert failure.kind == "refused"


async def test_an_unknown_name() -> None:
    found = await failure("mongodb://no-such-host.invalid/")
    assert found.kind == "name"
    assert "no-such-host.invalid" in found.message


async def test_packets_are_dropped() -> None:
    async with served(black_hole) as port:
        assert (await failure(f"mongodb://127.0.0.1:{port}/")).kind == "timeout"


async def test_a_driver_that_gives_up_during_its_first_attempt_met_nothing_yet() -> None:
    async with served(black_hole) as port:
        connection = connect_to(f"mongodb://127.0.0.1:{port}/")
        async with AsyncMongoClient[dict[str, Any]](connection.uri.reveal(), serverSelectionTimeoutMS=100) as client:
            with pytest.raises(ServerSelectionTimeoutError) as raised:
                await client.admin.command("ping")
    found = explain(raised.value, connection, f"127.0.0.1:{port}")
    assert (found.kind, found.message) == ("timeout", f"127.0.0.1:{port} did not answer in time.")


async def test_the_connection_is_closed_at_once() -> None:
    async with served(half_open) as port:
        assert (await failure(f"mongodb://127.0.0.1:{port}/")).kind == "unreachable"


async def test_a_web_server_listens_there() -> None:
    """Most of them answer what is no request of theirs at once."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(65_536):
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    async with served(refuse) as port:
        found = await failure(f"mongodb://127.0.0.1:{port}/")
    assert found.kind == "protocol"
    assert "does not speak MongoDB's protocol" in found.message


async def test_redis_listens_there(redis_server: RedisProcess) -> None:
    """It waits for the end of a line that never comes."""
    found = await failure(f"mongodb://127.0.0.1:{redis_server.port}/")
    assert found.kind == "timeout"
    assert "another kind of server" in found.help


async def test_tls_where_the_server_has_none(mongod: MongodProcess) -> None:
    assert (await failure(f"mongodb://127.0.0.1:{mongod.port}/?tls=true")).kind == "tls"


@pytest.mark.parametrize("option", ["tlsCAFile", "tlsCertificateKeyFile"])
async def test_a_certificate_that_is_not_there(mongod: MongodProcess, option: str) -> None:
    found = await failure(f"mongodb://ann:secret-word@127.0.0.1:{mongod.port}/?tls=true&{option}=/no/such/file")
    assert found.kind == "tls"
    assert option in found.help
    assert "secret-word" not in repr(found)


async def test_a_socket_file_that_is_not_there() -> None:
    found = await failure("mongodb://%2Fno%2Fsuch%2Fmongodb-1.sock/")
    assert found.kind == "refused"
    assert "does not exist" in found.message


@pytest.mark.parametrize(
    "options", ["tls=true&tlsInsecure=true&tlsAllowInvalidHostnames=true", "authMechanism=MONGODB-X509&tls=false"]
)
async def test_options_that_contradict_each_other(options: str) -> None:
    found = await failure(f"mongodb://ann:secret-word@127.0.0.1:1/?{options}")
    assert found.kind == "unsupported"
    assert "secret-word" not in repr(found)
