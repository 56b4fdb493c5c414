"""An index build that hangs, as it does without failpoints: a voting member is down."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

from pymongo.errors import OperationFailure

from helpers.mongodb import Client
from helpers.waiting import wait_until
from perftui.servers import MongodProcess


@contextmanager
def hanging_build(members: list[MongodProcess]) -> Iterator[Client]:
    """A build that waits for the votes of a member that is down; given up at the end."""
    with members[0].client() as client, members[0].client() as builder:
        client.shop.orders.insert_many([{"a": number, "b": number} for number in range(500)])
        members[-1].kill()
        wait_until(lambda: any(not one["health"] for one in client.admin.command("replSetGetStatus")["members"]))

        def build() -> None:
            indexes = [{"key": {"a": 1}, "name": "a_1"}, {"key": {"b": -1}, "name": "b_-1"}]
            try:
                builder.shop.command({"createIndexes": "orders", "indexes": indexes})
            except OperationFailure:
                return

        thread = Thread(target=build)
        thread.start()
        try:
            wait_until(lambda: waiting_builds(client) == 1)
            yield client
        finally:
            client.shop.command({"dropIndexes": "orders", "index": ["a_1", "b_-1"]})
            thread.join()


def waiting_builds(client: Client) -> int:
    return int(client.admin.command("serverStatus")["activeIndexBuilds"]["phases"]["waitForCommitQuorum"])
