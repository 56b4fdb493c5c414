"""Hundreds of identical slow operations at once: a client that does not wait for its answers before it asks again."""

import asyncio
from typing import TYPE_CHECKING

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.incidents.working import count_argument, mongodb, say_at_work, when_told, without_end
from perftui.demo.seeding import DATABASE

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    from perftui.demo.documents import Document

CLIENT = "export-service"
OPERATIONS = 400
_STEP_S = 0.1


class PiledUp(Incident):
    name = "piled-up"
    words = f"{OPERATIONS} identical slow operations of one client run at once"
    verdicts = ("piled-up-operations",)
    count = OPERATIONS

    def prepare(self, scene: Scene) -> None:
        """The client is there before, with its connections open: they are not what goes wrong."""
        self._worker = scene.start_worker("piled_up", "--count", self.count)

    def start(self, scene: Scene) -> None:
        scene.tell(self._worker)

    def stop(self, scene: Scene) -> None:
        scene.end_operations(CLIENT)


async def _pile_up(operations: int) -> None:
    """Each looks for words in every description, which no index serves."""
    told = when_told()
    client = mongodb(CLIENT, operations, filled=True)
    await _connected(client, operations)
    say_at_work()
    await told.wait()
    prompts = client[DATABASE]["prompts"]
    wanted = {"description": {"$regex": "nobody wrote (this|that) in a prompt$", "$options": "i"}}
    await asyncio.gather(*(without_end(lambda: prompts.find_one(wanted)) for _ in range(operations)))


async def _connected(client: "AsyncMongoClient[Document]", connections: int) -> None:
    """Its pool fills by itself."""
    while (await client.admin.command("serverStatus"))["connections"]["current"] < connections:  # noqa: ASYNC110
        await asyncio.sleep(_STEP_S)


if __name__ == "__main__":
    asyncio.run(_pile_up(count_argument(OPERATIONS)))
