"""Tags in Redis: a generation each, and the keys that were stored under it."""

import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from perftui.cache.entry import Stamp
from perftui.cache.refusals import is_refusal
from perftui.cache.stores.base import CHUNK
from perftui.cache.stores.redis_calls import chunks, settled

_IDLE_MS = 3_600_000
"""How long a generation lives that nothing was stored under: a loader has so long."""
_DAY_MS = 86_400_000


class RedisTags:
    """A generation is a number that only grows, and starts with the time: one that was lost is never used again.

    It lives as long as what was stored under it. A value is good while the generations of its tags are those that it
    was stored with, so that one `INCR` ends all values of a tag, however many they are.
    """

    def __init__(self, client: Any, prefix: str) -> None:
        self._client, self._prefix = client, prefix
        self._ended = f"{prefix}#ended"
        self._prolongs = True
        """Whether the server has `PEXPIRE ... GT`, until it says otherwise."""

    async def current(self, tags: Sequence[str]) -> dict[str, int]:
        """The generations of those tags that have one."""
        found: dict[str, int] = {}
        for chunk in chunks(tags):
            values = await settled(self._client.mget([self._generation(tag) for tag in chunk]))
            found.update({tag: int(value) for tag, value in zip(chunk, values, strict=True) if value is not None})
        return found

    async def generations(self, tags: Iterable[str]) -> Stamp:
        """The generations of all tags; those of new ones are made."""
        names = tuple(tags)
        pipeline = self._client.pipeline(transaction=False)
        for tag in names:
            pipeline.set(self._generation(tag), time.time_ns() // 1000, nx=True, px=_IDLE_MS)
            self._prolong(pipeline, self._generation(tag), _IDLE_MS)
            pipeline.incrby(self._generation(tag), 0)  # a GET would count as a hit of the server's
        answers = await settled(pipeline.execute(raise_on_error=not self._prolongs))
        errors = [answer for answer in answers if isinstance(answer, Exception)]
        if errors and not all(map(is_refusal, errors)):
            raise errors[0]
        if errors:
            self._prolongs = False  # Redis 6 knows no `GT`; anything else is raised by the second try
            return await self.generations(names)
        return {tag: int(answers[3 * at + 2] or 0) for at, tag in enumerate(names)}

    def add(self, pipeline: Any, stamp: Mapping[str, int], keys: Sequence[str], ttl_ms: int | None) -> None:
        """Note keys that are about to be stored, and let tags live as long as they."""
        for tag, generation in stamp.items():
            members = self._members(tag, generation)
            pipeline.sadd(members, *keys)
            for name in (self._generation(tag), members):
                if ttl_ms is None:
                    pipeline.persist(name)
                else:
                    self._prolong(pipeline, name, ttl_ms, new=name == members)

    def _prolong(self, pipeline: Any, name: str, ttl_ms: int, *, new: bool = False) -> None:
        """Let it live so long at least; a `new` name may have no end yet. Without `GT` it is a day at least, so that a
        tag whose values live for longer may end before them: they are missed, never given out when they should not."""
        if not self._prolongs:
            pipeline.pexpire(name, max(ttl_ms, _DAY_MS))
            return
        if new:
            pipeline.pexpire(name, ttl_ms, nx=True)
        pipeline.pexpire(name, ttl_ms, gt=True)

    async def count(self, tag: str) -> int:
        """How many keys were stored under the tag; some may be gone since."""
        generation = (await self.current((tag,))).get(tag)
        number = 0 if generation is None else await settled(self._client.scard(self._members(tag, generation)))
        return int(number)

    async def invalidate(self, tag: str) -> int:
        """End the generation, then remove its keys; how many were removed."""
        generation = (await self.current((tag,))).get(tag)
        if generation is None:
            return 0
        ended = f"{generation}:{tag}"
        pipeline = self._client.pipeline(transaction=True)
        pipeline.incr(self._generation(tag))
        pipeline.sadd(self._ended, ended)
        present, _ = await settled(pipeline.execute())
        removed = sum([await self._remove_members(tag, old, present) for old in range(generation, present)])
        await settled(self._client.srem(self._ended, ended))
        return removed

    async def reclaim(self) -> int:
        """Go on with what a process left that ended meanwhile."""
        removed = 0
        async for page in self._scan(self._ended):
            for raw in page:
                generation, _, tag = raw.decode("utf-8", "replace").partition(":")
                present = (await self.current((tag,))).get(tag, 0)
                if present != int(generation):
                    removed += await self._remove_members(tag, int(generation), present)
                await settled(self._client.srem(self._ended, raw))
        return removed

    async def _remove_members(self, tag: str, generation: int, present: int) -> int:
        """Some at a time; those that were stored again since, under the present generation, stay."""
        old, new, removed = self._members(tag, generation), self._members(tag, present), 0
        async for page in self._scan(old):
            removed += await self._unlink(page, new)
        await settled(self._client.unlink(old))
        return removed

    async def _scan(self, name: str) -> AsyncIterator[list[bytes]]:
        """The members of a set. A set that is small stands in one piece and comes as one."""
        cursor, first = 0, True
        while cursor or first:
            first = False
            cursor, members = await settled(self._client.sscan(name, cursor, count=CHUNK))
            for page in chunks(members):
                yield page

    async def _unlink(self, keys: Sequence[bytes], new: str) -> int:
        renewed = await settled(self._client.smismember(new, keys))
        stale = [b"%s:%s" % (self._prefix.encode(), key) for key, kept in zip(keys, renewed, strict=True) if not kept]
        return int(await settled(self._client.unlink(*stale))) if stale else 0

    def _generation(self, tag: str) -> str:
        return f"{self._prefix}#tag:{tag}"

    def _members(self, tag: str, generation: int) -> str:
        return f"{self._prefix}#keys:{generation}:{tag}"
