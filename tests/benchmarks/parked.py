"""A real mongod with many operations that stand still, through a failpoint of the server."""

import contextlib
import threading
import time
from collections.abc import Iterator

import pymongo
from pymongo.errors import PyMongoError

from perftui.servers import PrivateServers

# A find that stands still holds a ticket, of which there are 128 by default.
_PARAMETERS = (
    "--setParameter",
    "enableTestCommands=1",
    "--setParameter",
    "wiredTigerConcurrentReadTransactions=5000",
)
_FAILPOINT = "waitInFindBeforeMakingBatch"
_ONLY_THERE = {"nss": "shop.parked", "shouldCheckForInterrupt": True}


@contextlib.contextmanager
def parked_mongod(operations: int) -> Iterator[str]:
    """The URI of a mongod on which so many finds stand still before their first batch."""
    with PrivateServers() as servers:
        process = servers.start_mongod(replica_set="rs0", arguments=_PARAMETERS)
        client: pymongo.MongoClient[dict[str, object]] = pymongo.MongoClient(
            process.uri, maxPoolSize=operations + 10, directConnection=True
        )
        with client:
            client.shop.parked.insert_many([{"n": number} for number in range(10)])
            client.admin.command({"configureFailPoint": _FAILPOINT, "mode": "alwaysOn", "data": _ONLY_THERE})
            threads = [threading.Thread(target=_park, args=(client,), daemon=True) for _ in range(operations)]
            for thread in threads:
                thread.start()
            _wait_until_parked(client, operations)
            try:
                yield process.uri
            finally:
                client.admin.command({"configureFailPoint": _FAILPOINT, "mode": "off"})
                for thread in threads:
                    thread.join(30)


def _park(client: pymongo.MongoClient[dict[str, object]]) -> None:
    with contextlib.suppress(PyMongoError):
        client.shop.parked.find_one({"n": 1})


def _wait_until_parked(client: pymongo.MongoClient[dict[str, object]], operations: int) -> None:
    stages = [{"$currentOp": {}}, {"$match": {"ns": "shop.parked", "op": "query"}}, {"$count": "n"}]
    counted = 0
    while counted < operations:
        time.sleep(0.2)
        found = client.admin.command({"aggregate": 1, "pipeline": stages, "cursor": {}})["cursor"]["firstBatch"]
        counted = found[0]["n"] if found else 0
