"""Finished responses kept in Redis for seconds."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from redis.asyncio import Redis

PREFIX = "library:"


def key_kind(key: str) -> str:
    """`library:prompt:a-slug` -> `library:prompt:*`, for metrics: bounded, and tells no values."""
    kind, _, value = key.removeprefix(PREFIX).partition(":")
    return f"{PREFIX}{kind}:*" if value else PREFIX + kind


class ResponseCache:
    """Bodies by key. A Redis that is down or full is a miss, never an error."""

    def __init__(self, redis: "Redis") -> None:
        self._redis = redis

    async def get(self, key: str) -> bytes | None:
        from redis.exceptions import RedisError

        try:
            body = await self._redis.get(PREFIX + key)
        except RedisError:
            return None
        return body.encode() if isinstance(body, str) else body

    async def set(self, key: str, body: bytes, ttl_s: int) -> None:
        from redis.exceptions import RedisError

        try:
            await self._redis.set(PREFIX + key, body, ex=ttl_s)
        except RedisError:
            return

    async def delete(self, key: str) -> None:
        from redis.exceptions import RedisError

        try:
            await self._redis.delete(PREFIX + key)
        except RedisError:
            return
