"""Real servers at work, and incidents that are really caused on them."""

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Any

import redis
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from perftui.servers import MongodProcess, PrivateServers, RedisProcess

Client = MongoClient[dict[str, Any]]
ITEMS, KEYS = 20_000, 4_000


@contextmanager
def traffic(call: Callable[[], Any], per_s: float, threads: int = 1) -> Iterator[None]:
    """Call it about so often a second while inside; what it raises meanwhile is part of the incident."""
    ended = threading.Event()

    def run() -> None:
        while not ended.wait(random.expovariate(per_s / threads)):
            with suppress(Exception):
                call()

    running = [threading.Thread(target=run, daemon=True) for _ in range(threads)]
    for thread in running:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in running:
            thread.join(30)


@contextmanager
def meanwhile(*calls: Callable[[], object]) -> Iterator[None]:
    """In threads of their own; what they raise is part of the incident."""

    def run(call: Callable[[], object]) -> None:
        with suppress(PyMongoError):
            call()

    threads = [threading.Thread(target=run, args=(call,), daemon=True) for call in calls]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join(60)


class Shop:
    """A MongoDB with an indexed collection and a Redis as its cache, both under a small load."""

    def __init__(self, mongod: MongodProcess, cache: RedisProcess) -> None:
        self.mongod, self.cache = mongod, cache
        self.client: Client = MongoClient(mongod.uri, appname="shop")
        self.redis = redis.Redis(port=cache.port)

    @property
    def uris(self) -> tuple[str, str]:
        return self.mongod.uri, self.cache.uri

    @property
    def items(self) -> Any:
        return self.client["shop"]["items"]

    def find(self) -> None:
        self.items.find_one({"number": random.randrange(ITEMS)})

    def change(self) -> None:
        self.items.update_one({"number": random.randrange(ITEMS)}, {"$inc": {"sold": 1}})

    def look_up(self) -> None:
        self.redis.get(f"page:{random.randrange(KEYS + KEYS // 20)}")

    def scan(self) -> None:
        """A query that no index serves."""
        found = self.items.find({"kind": random.randrange(40), "note": {"$gt": "a"}}).sort("sold", -1)
        list(found.limit(5))


@contextmanager
def shop(*, maximum_memory: str = "16mb") -> Iterator[Shop]:
    """Ends everything at the end."""
    with ExitStack() as stack:
        servers = stack.enter_context(PrivateServers())
        arguments = ("--maxmemory", maximum_memory, "--maxmemory-policy", "allkeys-lru")
        here = Shop(servers.start_mongod(replica_set="rs0"), servers.start_redis(arguments=arguments))
        stack.callback(here.client.close)
        stack.callback(here.redis.close)
        here.items.insert_many([{"number": one, "kind": one % 40, "note": "x" * 200} for one in range(ITEMS)])
        here.items.create_index("number")
        here.client["shop"].command("profile", 2)
        here.redis.mset({f"page:{one}": "y" * 200 for one in range(KEYS)})
        for call, per_s in ((here.find, 30.0), (here.change, 5.0), (here.look_up, 100.0)):
            stack.enter_context(traffic(call, per_s))
        yield here
