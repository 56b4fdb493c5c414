"""What Redis itself counts: its hit rate is that of the cached values, not of locks and tags around them."""

from collections.abc import Iterator

import pytest
from redis import Redis

from perftui import ReadThrough, RedisStore
from perftui.cache.stores.direct import run_now
from perftui.servers import PrivateServers

MANY = 20


@pytest.fixture(scope="module")
def client() -> Iterator[Redis]:
    """Of a server that nobody else asks."""
    with PrivateServers() as servers, Redis(port=servers.start_redis().port) as client:
        yield client


@pytest.fixture(autouse=True)
def emptied(client: Redis) -> None:
    client.flushall()
    client.config_resetstat()


def counted(client: Redis) -> tuple[int, int]:
    """Hits and misses since the start."""
    told = client.info("stats")
    return told["keyspace_hits"], told["keyspace_misses"]


@pytest.mark.parametrize("tags", [(), ("pages", "prompts")])
def test_what_is_loaded_counts_no_hit(client: Redis, tags: tuple[str, ...]) -> None:
    pages = ReadThrough(RedisStore(client), 60)
    for number in range(MANY):
        pages.get(f"page:{number}", lambda: "made", tags=tags)
    assert counted(client) == (0, MANY)
    assert client.dbsize() >= MANY


def test_what_is_there_counts_a_hit_each(client: Redis) -> None:
    pages = ReadThrough(RedisStore(client), 60)
    for _ in range(MANY):
        pages.get("page", lambda: "made")
    assert counted(client) == (MANY - 1, 1)


def test_of_a_load_that_was_lost_only_the_look_at_its_lock_counts(client: Redis) -> None:
    store = RedisStore(client)
    token = run_now(store.acquire("page", 60))
    assert token is not None
    assert run_now(store.acquire("page", 60)) is None
    run_now(store.delete("page"))
    assert not run_now(store.set_loaded("page", "old", token, 60))
    run_now(store.release("page", token))
    assert counted(client) == (0, 1)
    assert client.keys() == []


def test_loads_that_begin_together_and_those_that_join_them_count_nothing(client: Redis) -> None:
    store = RedisStore(client)
    begun = run_now(store.begin_loads(("a", "b")))
    assert run_now(store.begin_loads(("a", "b"))) == begun
    assert run_now(store.acquire("a", 60)) == begun["a"]
    assert counted(client) == (0, 0)
