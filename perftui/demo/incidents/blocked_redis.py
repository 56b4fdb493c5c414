"""Commands that keep Redis to themselves: KEYS on a million keys, and a script that does not end."""

import asyncio
import sys
import time
from contextlib import suppress
from dataclasses import replace

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.incidents.working import redis_client, say_at_work
from perftui.demo.options import DemoOptions

KEYS_CLIENT, SCRIPT_CLIENT = "cleanup-cron", "ranking-job"
DATABASE = 1
"""Redis' own number: the pages are in another."""
KEYS = 1_000_000
_ROUND = 2_000
"""Keys of one script: short enough that filling blocks nobody."""
_FILL = "for n = ARGV[1], ARGV[2] do redis.call('SET', 'visit:' .. n, 1) end"
_SPIN = "local e = redis.call('TIME')[1] + ARGV[1]; while tonumber(redis.call('TIME')[1]) < e do end"
_SCRIPT_S, _BETWEEN_S = 4, 0.5
_ENDED_S = 60.0


class BlockingKeys(Incident):
    name = "blocking-keys"
    words = "a cron job sends KEYS to a Redis of a million keys, twice a second"
    verdicts = ("redis-blocked",)
    keys = KEYS

    def options(self, given: DemoOptions) -> DemoOptions:
        return replace(given, cache_memory="512mb")

    def prepare(self, scene: Scene) -> None:
        redis = scene.redis("perftui-demo", DATABASE)
        for first in range(0, self.keys, _ROUND):
            redis.eval(_FILL, 0, str(first), str(first + _ROUND - 1))

    def start(self, scene: Scene) -> None:
        scene.start_worker("blocked_redis", "keys")

    def stop(self, scene: Scene) -> None:
        scene.redis("perftui-demo", DATABASE).flushdb(asynchronous=True)


class BlockingScript(Incident):
    name = "blocking-script"
    words = f"a job sends Redis a script that runs for {_SCRIPT_S} seconds, again and again"
    verdicts = ("redis-blocked",)

    def start(self, scene: Scene) -> None:
        scene.start_worker("blocked_redis", "script")

    def stop(self, scene: Scene) -> None:
        """Wait until the last one has ended: it outlives its sender."""
        from redis.exceptions import ResponseError

        client, deadline = scene.redis("perftui-demo"), time.monotonic() + _ENDED_S
        while True:
            try:
                client.ping()
                return
            except ResponseError:  # BUSY, as Redis says to all once a script has run for five seconds
                if time.monotonic() > deadline:
                    raise
                time.sleep(_BETWEEN_S)


async def _send_keys() -> None:
    from redis.exceptions import RedisError

    async with redis_client(KEYS_CLIENT, DATABASE) as redis:
        say_at_work()
        while True:
            with suppress(RedisError):
                await redis.keys("visit:*:expired")
            await asyncio.sleep(_BETWEEN_S)


async def _send_scripts() -> None:
    from redis.exceptions import RedisError

    async with redis_client(SCRIPT_CLIENT, DATABASE) as redis:
        say_at_work()
        while True:
            with suppress(RedisError):
                await redis.eval(_SPIN, 0, str(_SCRIPT_S))
            await asyncio.sleep(_BETWEEN_S)


if __name__ == "__main__":
    asyncio.run(_send_keys() if sys.argv[1] == "keys" else _send_scripts())
