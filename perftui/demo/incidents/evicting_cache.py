"""Something beside the application fills the cache, and its pages are thrown out before they are read again."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.incidents.working import count_argument, redis_client, say_at_work
from perftui.demo.options import DemoOptions

CLIENT = "session-importer"
DATABASE = 2
"""Redis' own number; what is in it competes with the pages for the same memory."""
KEYS_PER_S = 5_000
_VALUE_BYTES, _BATCH, _FILLED_KEYS = 4_000, 100, 2_200


class EvictingCache(Incident):
    name = "evicting-cache"
    words = "an import of sessions fills Redis, and the pages are evicted before they are read again"
    verdicts = ("cache-evicting",)
    count = KEYS_PER_S

    def options(self, given: DemoOptions) -> DemoOptions:
        """So little memory that the import takes all of it anew every second."""
        return replace(given, cache_memory="16mb")

    def prepare(self, scene: Scene) -> None:
        """Sessions that were there before, nearly as many as there is room for."""
        redis, value = scene.redis("perftui-demo", DATABASE), b"s" * _VALUE_BYTES
        for first in range(0, _FILLED_KEYS, _BATCH):
            redis.mset({f"session:{number}": value for number in range(first, first + _BATCH)})

    def start(self, scene: Scene) -> None:
        scene.start_worker("evicting_cache", "--count", self.count)

    def stop(self, scene: Scene) -> None:
        scene.redis("perftui-demo", DATABASE).flushdb()


async def _import(keys_per_s: int) -> None:
    from redis.exceptions import RedisError

    async with redis_client(CLIENT, DATABASE) as redis:
        say_at_work()
        number, value = 0, b"i" * _VALUE_BYTES
        while True:
            with suppress(RedisError):
                await redis.mset({f"import:{number + place}": value for place in range(_BATCH)})
            number += _BATCH
            await asyncio.sleep(_BATCH / keys_per_s)


if __name__ == "__main__":
    asyncio.run(_import(count_argument(KEYS_PER_S)))
