"""Cached queries over real servers: a replica set, whose changes are told, and a server that has no change streams."""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
from bson import Decimal128, ObjectId
from helpers.waiting import wait_until, wait_until_async
from pymongo import AsyncMongoClient, MongoClient
from pymongo.collation import Collation
from pymongo.collection import Collection
from pymongo.monitoring import CommandListener, CommandStartedEvent
from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from perftui import AsyncQueryCache, CacheMonitor, MemoryStore, QueryCache, RedisStore, Registry
from perftui.cache.query_key import find_command, joined_collections, query_key
from perftui.instrument import build_document
from perftui.servers import MongodProcess, PrivateServers, RedisProcess


class Sent(CommandListener):
    """Which queries reached the server."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in ("find", "aggregate", "distinct") and "$changeStream" not in str(event.command):
            self.names.append(event.command_name)

    def succeeded(self, event: object) -> None: ...

    def failed(self, event: object) -> None: ...


class Shop:
    def __init__(self, mongod: MongodProcess) -> None:
        self.sent = Sent()
        self.name = f"query_cache_{secrets.token_hex(4)}"
        self.client: MongoClient[Any] = MongoClient(mongod.uri, event_listeners=[self.sent])
        self.products: Collection[Any] = self.client[self.name].products
        self.products.insert_many([{"_id": number, "kind": "ab"[number % 2], "n": number} for number in range(10)])

    def close(self) -> None:
        self.client.drop_database(self.name)
        self.client.close()


@pytest.fixture
def shop(mongod: MongodProcess) -> Iterator[Shop]:
    made = Shop(mongod)
    yield made
    made.close()


def test_each_kind_of_query_is_asked_once_and_its_result_is_the_collection_s(shop: Shop) -> None:
    registry, products = Registry(), shop.products
    cache = QueryCache(products, MemoryStore(monitor=CacheMonitor("queries", registry)), 60)
    pipeline = [{"$match": {"kind": "a"}}, {"$group": {"_id": "$kind", "total": {"$sum": "$n"}}}]

    def ask(who: Any) -> list[Any]:
        return [
            list(who.find({"kind": "a"}, {"n": 1}, sort=[("n", -1)], limit=3)),
            who.find_one({"_id": 4}),
            who.find_one({"_id": 400}),
            who.count_documents({"kind": "b"}),
            sorted(who.distinct("kind")),
            list(who.aggregate(pipeline)),
            list(who.find()),
        ]

    expected = ask(products)
    shop.sent.names.clear()
    assert ask(cache) == expected
    assert len(shop.sent.names) == 7
    assert [ask(cache) for _ in range(3)] == [expected] * 3
    assert len(shop.sent.names) == 7
    (counted,) = (build_document(registry).cache or {}).values()
    assert (counted.hits, counted.misses, counted.sets) == (21, 7, 7)


def test_one_document_is_no_list_of_one(shop: Shop) -> None:
    cache = QueryCache(shop.products, MemoryStore(), 60)
    for limit in (1, -1):
        asked = cache.find({"_id": 4}, limit=limit), cache.find_one({"_id": 4})
        assert asked == (list(shop.products.find({"_id": 4}, limit=limit)), shop.products.find_one({"_id": 4}))


def test_values_and_what_is_asked_make_another_key() -> None:
    def key(filter: Any, **options: Any) -> str:
        return query_key(find_command("products", filter, options), "shop.products")

    different = [
        key({"a": 1}), key({"a": 2}), key({"a": "1"}), key({"a": 1.5}), key({"a": ObjectId(b"a" * 12)}),
        key({"a": 1}, limit=1), key({"a": 1}, skip=1), key({"a": 1}, sort=[("b", 1)]), key({"a": 1}, sort=[("b", -1)]),
        key({"a": 1}, projection=["b"]), key({"a": 1}, projection=["b", "c"]), key({"a": {"x": 1, "y": 2}}),
        key({"a": {"y": 2, "x": 1}}), key({"a": 1}, collation=Collation("de")), key(None),
    ]  # fmt: skip
    assert len(set(different)) == len(different)
    assert key({"a": 1, "b": 2}) == key({"b": 2, "a": 1})
    assert key({"a": 1}, max_time_ms=5, comment="x") == key({"a": 1})
    assert key({"a": 1}, sort="b") == key({"a": 1}, sort=[("b", 1)]) == key({"a": 1}, sort={"b": 1})
    shapes = {name.rpartition(":")[0] for name in different[:2]}
    assert len(shapes) == 1
    assert shapes.pop().startswith("query:shop.products:")


def test_a_result_is_a_copy_of_any_type(shop: Shop, redis_server: RedisProcess) -> None:
    shop.products.insert_one({"_id": "x", "price": Decimal128("1.10"), "ref": ObjectId(b"a" * 12), "list": [1]})
    with Redis(port=redis_server.port, db=9) as client:
        for store in (MemoryStore(), RedisStore(client, shop.name)):
            cache = QueryCache(shop.products, store, 60)
            first = cache.find_one({"_id": "x"})
            assert first is not None
            first["list"].append(2)
            assert cache.find_one({"_id": "x"}) == shop.products.find_one({"_id": "x"})
            assert cache.invalidate() == 1


def test_a_change_anywhere_ends_all_results_of_the_collection(shop: Shop) -> None:
    registry = Registry()
    with QueryCache(shop.products, MemoryStore(monitor=CacheMonitor("queries", registry)), 600) as cache:
        assert (cache.invalidation, cache.why) == ("change stream", "")
        assert cache.count_documents({"kind": "a"}) == 5
        shop.products.insert_one({"kind": "a"})
        wait_until(lambda: cache.count_documents({"kind": "a"}) == 6)
        shop.products.delete_many({"kind": "a"})
        wait_until(lambda: cache.count_documents({"kind": "a"}) == 0)
        shop.products.drop()
        wait_until(lambda: cache.count_documents({"kind": "b"}) == 0)
        shop.products.insert_one({"kind": "b"})
        wait_until(lambda: cache.count_documents({"kind": "b"}) == 1)
    (counted,) = (build_document(registry).cache or {}).values()
    assert counted.evictions_by_reason["invalidated"] >= 3
    assert cache.invalidation == "ttl"
    cache.stop()


async def test_without_blocking_it_is_the_same(shop: Shop, mongod: MongodProcess, redis_server: RedisProcess) -> None:
    async with (
        AsyncMongoClient[Any](mongod.uri) as client,
        AsyncRedis(port=redis_server.port, db=9) as redis,
    ):
        products, store = client[shop.name].products, RedisStore(redis, shop.name)
        async with AsyncQueryCache(products, store, 600, tags=["shop"]) as cache:
            await cache.start()
            assert (cache.invalidation, cache.why) == ("change stream", "")
            assert await cache.find({"kind": "a"}, sort=[("n", 1)], limit=1) == [{"_id": 0, "kind": "a", "n": 0}]
            assert await cache.find_one({"_id": 400}) is None
            assert await cache.distinct("kind") == ["a", "b"]
            assert await cache.aggregate([{"$count": "all"}]) == [{"all": 10}]
            assert await cache.count_documents({"kind": "a"}) == 5
            shop.products.insert_one({"kind": "a"})

            async def is_seen() -> bool:
                return await cache.count_documents({"kind": "a"}) == 6

            await wait_until_async(is_seen)
            assert await store.invalidate_tag("shop") == 1
        assert cache.invalidation == "ttl"
        assert await cache.invalidate() == 0


async def test_a_server_without_change_streams_is_told_and_results_live_by_their_ttl(
    private_servers: PrivateServers,
) -> None:
    server = private_servers.start_mongod()
    with server.client() as client:
        cache = QueryCache(client.shop.products, MemoryStore(), 600)
        assert (cache.invalidation, cache.why) == ("ttl", "the collection is not watched: call start")
        with cache:
            assert cache.invalidation == "ttl"
            assert cache.why == "the server has no change streams: it is no replica set"
            assert cache.count_documents({}) == 0
            client.shop.products.insert_one({})
            assert cache.count_documents({}) == 0
            assert cache.invalidate() == 1
            assert cache.count_documents({}) == 1
    async with (
        AsyncMongoClient[Any](server.uri) as waiting,
        AsyncQueryCache(waiting.shop.products, MemoryStore()) as other,
    ):
        assert other.why == "the server has no change streams: it is no replica set"
        assert await other.count_documents({}) == 1


def test_a_server_that_goes_away_and_comes_back_is_watched_again(private_servers: PrivateServers) -> None:
    server = private_servers.start_mongod(replica_set="rs0")
    with (
        MongoClient[Any](server.uri) as patient,
        MongoClient[Any](server.uri, serverSelectionTimeoutMS=500) as client,
        QueryCache(client.shop.products, MemoryStore(), 600) as cache,
    ):
        assert cache.count_documents({}) == 0
        server.kill()
        wait_until(lambda: cache.invalidation == "ttl")
        assert "cannot be watched" in cache.why
        assert cache.count_documents({}) == 0
        server.restart()
        patient.shop.products.insert_one({})
        wait_until(lambda: cache.invalidation == "change stream", 60)
        assert cache.count_documents({}) == 1


def test_what_is_large_is_given_out_and_not_kept(shop: Shop) -> None:
    store = MemoryStore()
    cache = QueryCache(shop.products, store, 60, largest=200)
    assert len(cache.find()) == 10
    assert len(cache.find({"_id": 1})) == 1
    assert store.direct.sizes().keys == 1


def test_what_cannot_be_kept_is_refused(shop: Shop) -> None:
    cache = QueryCache(shop.products, MemoryStore(), 60)
    with pytest.raises(ValueError, match=r"\$out writes"):
        cache.aggregate([{"$out": "other"}])
    with shop.client.start_session() as session, pytest.raises(ValueError, match="session"):
        cache.find({}, session=session)


def test_joined_collections_take_the_result_with_them(shop: Shop) -> None:
    pipeline = [
        {"$lookup": {"from": "reviews", "pipeline": [{"$unionWith": "old"}], "as": "r"}},
        {"$facet": {"a": [{"$graphLookup": {"from": "tree"}}], "b": [{"$unionWith": {"coll": "more"}}]}},
    ]
    assert joined_collections(pipeline) == {"reviews", "old", "tree", "more"}
    store = MemoryStore()
    cache = QueryCache(shop.products, store, 60)
    reviews = QueryCache(shop.client[shop.name].reviews, store, 60)
    joined: list[dict[str, Any]] = [
        {"$lookup": {"from": "reviews", "localField": "n", "foreignField": "n", "as": "r"}},
        {"$limit": 1},
    ]
    assert cache.aggregate(joined)[0]["r"] == []
    assert reviews.invalidate() == 1
