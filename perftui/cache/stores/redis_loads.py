"""Who may load which key, and who loads one, in Redis."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from perftui.cache.stores.redis_calls import chunks, settled

_IDLE_MS = 3_600_000
"""How long loads are remembered after the last one began: a loader has so long."""
_TOKEN_BITS = 52
"""Lua's numbers are exact so far."""
_JOIN = """
local function join(key, token)
  if redis.call('hsetnx', KEYS[1], key, token) == 1 then return token end
  return string.format('%.0f', redis.call('hincrby', KEYS[1], key, 0))
end
"""
"""Who loads a key that is being loaded joins that load.

A number is read by adding nothing to it: any other command would count as a hit or a miss of the server's, and its hit
rate would tell of our locks. The price is a small write more to replicas and the append-only file.
"""
_ACQUIRE = f"""{_JOIN}
if not redis.call('set', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return false end
local token = join(ARGV[1], ARGV[2])
if token ~= ARGV[2] then redis.call('set', KEYS[2], token, 'PX', ARGV[3]) end
redis.call('pexpire', KEYS[1], ARGV[4])
return token
"""
_BEGIN = f"""{_JOIN}
local tokens = {{}}
for at = 2, #ARGV, 2 do tokens[#tokens + 1] = join(ARGV[at], ARGV[at + 1]) end
redis.call('pexpire', KEYS[1], ARGV[1])
return tokens
"""
_IS_OF = """
local function is_of(key, token)
  local held = redis.call('hincrby', KEYS[1], key, 0)
  if held == 0 then redis.call('hdel', KEYS[1], key) end
  return held == tonumber(token)
end
"""
_END = f"""{_IS_OF}
local ended = false
for at = 1, #ARGV, 2 do
  ended = is_of(ARGV[at], ARGV[at + 1])
  if ended then redis.call('hdel', KEYS[1], ARGV[at]) end
end
if KEYS[2] and (ended or redis.call('get', KEYS[2]) == ARGV[2]) then redis.call('unlink', KEYS[2]) end
return 0
"""
"""A lock has the number of its load, so that it is looked at only where that has ended before."""
_STORE = f"""{_IS_OF}
if not is_of(ARGV[1], ARGV[2]) then return 0 end
if ARGV[4] == '' then redis.call('set', KEYS[2], ARGV[3]) else redis.call('set', KEYS[2], ARGV[3], 'PX', ARGV[4]) end
return 1
"""


class RedisLoads:
    """Loads stand in one hash, by their keys, so that those of a pattern are found without a walk over all keys."""

    def __init__(self, client: Any, prefix: str) -> None:
        self._client, self._prefix = client, prefix
        self._loads = f"{prefix}#claims"

    async def acquire(self, key: str, seconds: float) -> str | None:
        token, lock_ms = _new_token(), max(1, round(seconds * 1000))
        names = self._loads, self._lock(key)
        found = await settled(self._client.eval(_ACQUIRE, 2, *names, key, token, lock_ms, _IDLE_MS))
        return None if found is None else _text(found)

    async def release(self, key: str, token: str) -> None:
        await settled(self._client.eval(_END, 2, self._loads, self._lock(key), key, token))

    async def begin(self, keys: Sequence[str]) -> dict[str, str]:
        tokens: dict[str, str] = {}
        for chunk in chunks(keys):
            pairs = [part for key in chunk for part in (key, _new_token())]
            found = await settled(self._client.eval(_BEGIN, 1, self._loads, _IDLE_MS, *pairs))
            tokens |= {key: _text(token) for key, token in zip(chunk, found, strict=True)}
        return tokens

    async def end(self, tokens: Mapping[str, str]) -> None:
        for chunk in chunks(tokens.items()):
            pairs = [part for pair in chunk for part in pair]
            await settled(self._client.eval(_END, 1, self._loads, *pairs))

    def store(self, pipeline: Any, key: str, token: str, data: bytes, ttl_ms: int | None) -> None:
        """Keep a value if its load was not lost meanwhile; the answer is 1 or 0."""
        life: int | str = "" if ttl_ms is None else ttl_ms
        pipeline.eval(_STORE, 2, self._loads, f"{self._prefix}:{key}", key, token, data, life)

    def drop(self, pipeline: Any, keys: Iterable[str]) -> None:
        """Before the values: a load that has not lost its claim by then has stored what is removed next."""
        names = list(keys)
        pipeline.hdel(self._loads, *names)
        pipeline.unlink(*map(self._lock, names))

    async def drop_matching(self, pattern: str) -> None:
        cursor, first = 0, True
        while cursor or first:
            first = False
            cursor, found = await settled(self._client.hscan(self._loads, cursor, match=pattern))
            for chunk in chunks(key.decode("utf-8", "surrogatepass") for key in found):
                pipeline = self._client.pipeline(transaction=False)
                self.drop(pipeline, chunk)
                await settled(pipeline.execute())

    def _lock(self, key: str) -> str:
        return f"{self._prefix}#lock:{key}"


def _new_token() -> str:
    return str(secrets.randbits(_TOKEN_BITS) + 1)


def _text(token: bytes | str) -> str:
    return token if isinstance(token, str) else token.decode()
