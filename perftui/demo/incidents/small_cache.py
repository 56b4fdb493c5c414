"""MongoDB's cache is far too small for what is read and written: operations have to make room themselves."""

import asyncio
from contextlib import suppress

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.incidents.working import count_argument, mongodb, say_at_work
from perftui.demo.seeding import DATABASE

CLIENT = "archiver"
COLLECTION = "archive"
_CACHE_MB = 12
_ARCHIVE_BYTES = 64 * 1024 * 1024
_BATCH, _DOCUMENT_BYTES, _WRITERS = 200, 2_000, 2
_PARAMETER = "wiredTigerEngineRuntimeConfig"
_PAUSE_S = 0.02


class SmallCache(Incident):
    name = "small-cache"
    words = f"MongoDB's cache is cut to {_CACHE_MB} MB while an archiver writes"
    verdicts = ("cache-squeeze",)

    def start(self, scene: Scene) -> None:
        admin = scene.client("perftui-demo").admin
        cache = admin.command({"serverStatus": 1, "wiredTiger": 1})["wiredTiger"]["cache"]
        self._before = int(cache["maximum bytes configured"])
        scene.database("perftui-demo").create_collection(COLLECTION, capped=True, size=_ARCHIVE_BYTES)
        admin.command({"setParameter": 1, _PARAMETER: f"cache_size={_CACHE_MB}MB"})
        scene.start_worker("small_cache", "--count", _WRITERS)

    def stop(self, scene: Scene) -> None:
        client = scene.client("perftui-demo")
        client.admin.command({"setParameter": 1, _PARAMETER: f"cache_size={self._before // 2**20}MB"})
        scene.end_operations(CLIENT)
        client[DATABASE].drop_collection(COLLECTION)


async def _archive(writers: int) -> None:
    from pymongo.errors import PyMongoError

    archive = mongodb(CLIENT, writers)[DATABASE][COLLECTION]
    text = "a" * _DOCUMENT_BYTES
    say_at_work()

    async def write() -> None:
        while True:
            with suppress(PyMongoError):
                await archive.insert_many([{"number": number, "text": text} for number in range(_BATCH)])
            await asyncio.sleep(_PAUSE_S)

    await asyncio.gather(*(write() for _ in range(writers)))


if __name__ == "__main__":
    asyncio.run(_archive(count_argument(_WRITERS)))
