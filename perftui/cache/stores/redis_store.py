"""Values in Redis or Valkey, over the synchronous or the asynchronous client of redis-py."""

import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from perftui.cache.codec import HEAD_BYTES, Codec, PlainCodec, packed, stored_at, unpacked
from perftui.cache.entry import FOREVER, Entry, EntryFacts, Stamp
from perftui.cache.patterns import escaped
from perftui.cache.stores.base import CHUNK, CacheStore, Wanted
from perftui.cache.stores.redis_calls import chunks, settled
from perftui.cache.stores.redis_loads import RedisLoads
from perftui.cache.stores.redis_tags import RedisTags

if TYPE_CHECKING:
    from redis import Redis
    from redis.asyncio import Redis as AsyncRedis

    from perftui.instrument import CacheMonitor


class RedisStore(CacheStore):
    """Keys are `prefix:key`; tags and locks stand under `prefix#`. Needs Redis 6.2 or Valkey, no cluster.

    No command takes more than 500 keys or waits on the server: keys are listed by `SCAN` and removed by `UNLINK`.
    A client of `redis.asyncio` is awaited; with `redis.Redis` use `direct`.

    >>> from redis import Redis
    >>> from perftui import RedisStore
    >>> with Redis.from_url("redis://localhost") as client:
    ...     store = RedisStore(client, prefix="example").direct
    ...     store.set("user:1", {"name": "Ada"}, ttl_s=60, tags=["users"])
    ...     print(store.get("user:1"), store.delete("user:1"))
    {'name': 'Ada'} True
    """

    def __init__(
        self,
        client: "Redis | AsyncRedis",
        prefix: str = "cache",
        *,
        codec: Codec | None = None,
        monitor: "CacheMonitor | None" = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Raises `ValueError` for a client that decodes responses, or a prefix with `:` or `#` at its end, or none."""
        if client.connection_pool.connection_kwargs.get("decode_responses"):
            raise ValueError("the client must give bytes: make it without decode_responses")
        if not prefix or prefix[-1] in ":#":
            raise ValueError("prefix must be a name, without a colon at its end")
        super().__init__(monitor, clock)
        self._client: Any = client
        self._prefix, self._codec = prefix + ":", codec or PlainCodec()
        self.waits = _waits(client)  # type: ignore[misc]
        self._tags, self._loads = RedisTags(self._client, prefix), RedisLoads(self._client, prefix)

    async def _read_one(self, key: str) -> Entry | None:
        data = self._client.get(self._prefix + key)
        if self.waits:
            data = await data
        entry = unpacked(data, self._codec) if data is not None else None
        if entry is None or not entry.tags:
            return entry
        now = await self._tags.current(tuple(entry.tags))
        return entry if now == entry.tags else None

    async def find_uncounted(self, key: str) -> Entry | None:
        """Nor does Redis count it: to set nothing at the beginning of a value tells its length, and reads nothing."""
        with self.failures():
            if not await settled(self._client.setrange(self._prefix + key, 0, "")):
                return None
            return await self._read_one(key)

    async def _read(self, keys: tuple[str, ...]) -> dict[str, Entry]:
        found: dict[str, Entry] = {}
        for chunk in chunks(keys):
            datas = await settled(self._client.mget([self._prefix + key for key in chunk]))
            for key, data in zip(chunk, datas, strict=True):
                entry = unpacked(data, self._codec) if data is not None else None
                if entry is not None:
                    found[key] = entry
        asked = tuple({tag for entry in found.values() for tag in entry.tags})
        if not asked:
            return found
        now = await self._tags.current(asked)
        return {key: one for key, one in found.items() if all(now.get(tag) == was for tag, was in one.tags.items())}

    async def _write(self, entries: Mapping[str, Entry]) -> None:
        for chunk in chunks(entries):
            pipeline = self._client.pipeline(transaction=False)
            first = entries[chunk[0]]
            ttl_ms = _ttl_ms(first)
            # The index first: a key that is not in it could not be reclaimed.
            self._tags.add(pipeline, first.tags, chunk, ttl_ms)
            for key in chunk:
                pipeline.set(self._prefix + key, packed(entries[key], self._codec), px=ttl_ms)
            await settled(pipeline.execute())

    async def _write_loaded(self, key: str, entry: Entry, token: str) -> bool:
        pipeline = self._client.pipeline(transaction=False)
        ttl_ms = _ttl_ms(entry)
        self._tags.add(pipeline, entry.tags, (key,), ttl_ms)
        self._loads.store(pipeline, key, token, packed(entry, self._codec), ttl_ms)
        return bool((await settled(pipeline.execute()))[-1])

    async def _remove(self, keys: Collection[str]) -> int:
        removed = 0
        for chunk in chunks(keys):
            pipeline = self._client.pipeline(transaction=False)
            self._loads.drop(pipeline, chunk)
            pipeline.unlink(*[self._prefix + key for key in chunk])
            removed += (await settled(pipeline.execute()))[-1]
        return removed

    async def _generations(self, tags: tuple[str, ...]) -> Stamp:
        return await self._tags.generations(tags)

    async def invalidate_tag(self, tag: str, *, dry_run: bool = False) -> int | None:
        """One `INCR`; what it made unreachable is then removed, 500 keys a command."""
        with self.failures():
            if dry_run:
                return await self._tags.count(tag)
            return await self._tags.invalidate(tag)

    async def reclaim(self) -> int:
        """Remove what earlier invalidations left behind, because their process ended; how many keys."""
        return await self._tags.reclaim()

    async def scan(self, pattern: str = "*") -> AsyncIterator[list[str]]:
        cursor, first = 0, True
        while cursor or first:
            first = False
            cursor, page = await settled(self._client.scan(cursor, match=escaped(self._prefix) + pattern, count=CHUNK))
            if page:
                yield [raw.decode("utf-8", "replace")[len(self._prefix) :] for raw in page]

    async def facts(self, keys: Collection[str], wanted: Wanted) -> list[EntryFacts]:
        """Uses are told where the server counts them (`maxmemory-policy` of the kind lfu), idle times elsewhere."""
        found: list[EntryFacts] = []
        for chunk in chunks(keys):
            pipeline = self._client.pipeline(transaction=False)
            for key in chunk:
                name = self._prefix + key
                if wanted == "age":
                    pipeline.getrange(name, 0, HEAD_BYTES - 1)
                else:  # reading the value would make it the most recently used
                    pipeline.object("idletime", name)
                    pipeline.object("freq", name)
                pipeline.strlen(name)
            answers = await settled(pipeline.execute(raise_on_error=False))
            width = 2 if wanted == "age" else 3
            found += [
                fact
                for at, key in enumerate(chunk)
                if (fact := self._fact(key, answers[at * width : (at + 1) * width], wanted)) is not None
            ]
        return found

    def _fact(self, key: str, answers: list[Any], wanted: Wanted) -> EntryFacts | None:
        size = answers[-1]
        if not isinstance(size, int) or not size:
            return None
        if wanted == "age":
            at = stored_at(answers[0]) if isinstance(answers[0], bytes) else None
            return EntryFacts(key, size, None if at is None else max(0.0, self.clock() - at))
        idle, uses = (answer if isinstance(answer, int) else None for answer in answers[:2])
        return EntryFacts(key, size, idle_s=idle, uses=uses)

    async def acquire(self, name: str, seconds: float) -> str | None:
        return await self._loads.acquire(name, seconds)

    async def release(self, name: str, token: str) -> None:
        await self._loads.release(name, token)

    async def _begin_loads(self, keys: tuple[str, ...]) -> Mapping[str, str]:
        return await self._loads.begin(keys)

    async def _end_loads(self, tokens: Mapping[str, str]) -> None:
        await self._loads.end(tokens)

    async def _forget_loads(self, pattern: str) -> None:
        await self._loads.drop_matching(pattern)


def _ttl_ms(entry: Entry) -> int | None:
    return None if entry.expires_at == FOREVER else max(1, round((entry.expires_at - entry.stored_at) * 1000))


def _waits(client: object) -> bool:
    from redis.asyncio import Redis as AsyncRedis

    return isinstance(client, AsyncRedis)
