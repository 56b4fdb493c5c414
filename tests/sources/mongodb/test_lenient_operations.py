"""Operations whose commands hold what a strict reader refuses."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from bson import SON, encode
from bson.datetime_ms import DatetimeMS
from bson.raw_bson import RawBSONDocument
from helpers.mongodb import good, sources
from helpers.waiting import wait_until_async
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from perftui.model.operation import Operation, OperationList
from perftui.model.sample import Sample
from perftui.servers import MongodProcess
from perftui.sources.base import Source

DATABASE = "lenient"
SLOW = "function() { sleep(60000); return true; }"
PLACE = "PLACE"


@contextmanager
def running(mongod: MongodProcess, command: Any) -> Iterator[None]:
    """A client runs the command until it is killed at the end."""

    def run() -> None:
        with mongod.client(appname="shop") as client, pytest.raises(PyMongoError):
            client[DATABASE].command(command)

    with mongod.client() as client:
        client[DATABASE].p.insert_one({})
        thread = threading.Thread(target=run)
        thread.start()
        try:
            yield
        finally:
            while thread.is_alive():
                kill_all(client)
                thread.join(0.05)
            client.drop_database(DATABASE)


def kill_all(client: MongoClient[dict[str, Any]]) -> None:
    mine: list[dict[str, Any]] = [{"$currentOp": {}}, {"$match": {"ns": f"{DATABASE}.p"}}, {"$project": {"opid": 1}}]
    for entry in list(client.admin.aggregate(mine)):
        client.admin.command("killOp", op=entry["opid"])


def find(value: object) -> SON[str, Any]:
    """Slow, and matching: the server evaluates `$where` only where the rest holds."""
    return SON([("find", "p"), ("filter", {"x": {"$ne": value}, "$where": SLOW})])


def invalid_text() -> SON[str, Any]:
    broken = encode(find(PLACE)["filter"]).replace(PLACE.encode(), b"\xff\xfe\xfd\x00A")
    return SON([("find", "p"), ("filter", RawBSONDocument(broken))])


async def seen(source: Source) -> tuple[Operation, Sample]:
    async def look() -> tuple[Operation, Sample] | None:
        sample = await good(source)
        assert isinstance(sample.payload, OperationList)
        found = [each for each in sample.payload.operations if each.ns == f"{DATABASE}.p"]
        return (found[0], sample) if found else None

    found: tuple[Operation, Sample] = await wait_until_async(look)
    return found


@pytest.mark.parametrize(
    "command",
    [
        lambda: find(DatetimeMS(2**63 - 1)),
        invalid_text,
        lambda: find("\x1b[31m[bold]\u202e\x00 😀"),
        lambda: find("x" * 50_000),
        lambda: find(b"\x00\xff"),
    ],
    ids=["a far date", "invalid UTF-8", "escapes", "50 KB", "binary"],
)
async def test_a_strange_command_takes_nothing_down(mongod: MongodProcess, command: Callable[[], Any]) -> None:
    async with sources(mongod.direct_uri) as found:
        with running(mongod, command()):
            operation, sample = await seen(found["mongodb.operations"])
    assert operation.killable
    assert operation.text
    assert len(operation.text) <= 1000
    assert not set(operation.text) & {"\x1b", "\x00", "\u202e", "\n"}
    assert sample.received_bytes
