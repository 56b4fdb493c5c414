"""Orders that a customer asks for again and again, all of it profiled; and an index build that stands still."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import MongoClient

from helpers.monitoring import ENTER, press_until
from helpers.terminal import Terminal
from perftui.servers import MongodProcess, PrivateServers

Client = MongoClient[dict[str, Any]]
FAIL_POINTS = ("--setParameter", "enableTestCommands=1")
HELD = "hangAfterStartingIndexBuildUnlocked"
INDEX = "customer_1_at_-1"


@contextmanager
def asked_orders(servers: PrivateServers) -> Iterator[MongodProcess]:
    """20,000 orders, everything profiled, and a customer who asks again and again."""
    mongod = servers.start_mongod(replica_set="rs0", arguments=FAIL_POINTS)
    ended = threading.Event()
    client: Client
    with MongoClient(mongod.uri) as client:
        orders: Any = client.shop.orders
        orders.insert_many([{"customer": number % 1000, "at": number, "note": "x" * 50} for number in range(20_000)])
        client.shop.command({"profile": 2})

        def ask() -> None:
            asked = 0
            while not ended.wait(0.1):
                asked += 1
                list(orders.find({"customer": asked % 1000}).sort("at", -1).limit(5))

        load = threading.Thread(target=ask)
        load.start()
        try:
            yield mongod
        finally:
            ended.set()
            load.join()


@contextmanager
def build_held(server: MongodProcess) -> Iterator[None]:
    """An index build stands still while this lasts, as a long one would seem to."""
    client: Client
    with MongoClient(server.uri) as client:
        client.admin.command({"configureFailPoint": HELD, "mode": "alwaysOn"})
        try:
            yield
        finally:
            client.admin.command({"configureFailPoint": HELD, "mode": "off"})


def index_names(server: MongodProcess) -> set[str]:
    client: Client
    with MongoClient(server.uri) as client:
        return set(client.shop.orders.index_information())


def to_the_shape(terminal: Terminal) -> None:
    """Queries, with the cursor on what the customer asks."""
    terminal.send("3/customer" + ENTER)
    press_until(terminal, "g", lambda text: "> shop.orders find {customer: ?} sort {at: -1}" in text)
    terminal.wait_for(r"^> shop\.orders find .*COLLSCAN.*collection scan")
