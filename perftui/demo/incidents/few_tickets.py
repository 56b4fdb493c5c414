"""The storage engine lets too few operations in at once, and more come: they queue for a ticket."""

import asyncio

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.incidents.working import count_argument, mongodb, say_at_work, without_end
from perftui.demo.seeding import DATABASE

CLIENT = "dashboards"
READERS = 24
TICKETS = 5
"""The fewest that the server accepts."""
_PARAMETERS = ("wiredTigerConcurrentReadTransactions", "storageEngineConcurrentReadTransactions")
"""Its name until MongoDB 6, and since 7."""
_PAUSE_S = 0.02


class FewTickets(Incident):
    name = "few-tickets"
    words = f"{READERS} dashboards count at once where somebody left the storage engine {TICKETS} read tickets"
    verdicts = ("tickets-exhausted",)
    count = READERS

    def start(self, scene: Scene) -> None:
        self._before = _set_tickets(scene, TICKETS)
        scene.start_worker("few_tickets", "--count", self.count)

    def stop(self, scene: Scene) -> None:
        scene.end_operations(CLIENT)
        _set_tickets(scene, self._before)


def _set_tickets(scene: Scene, number: int) -> int:
    """Returns how many there were before."""
    admin = scene.client("perftui-demo").admin
    known = admin.command({"getParameter": "*"})
    name = next(one for one in _PARAMETERS if one in known)
    before = admin.command({"serverStatus": 1, "wiredTiger": 1})["wiredTiger"]["concurrentTransactions"]["read"]
    admin.command({"setParameter": 1, name: number})
    return int(before["totalTickets"])


async def _count(readers: int) -> None:
    """Different counts, each of an index: none reads a document."""
    prompts = mongodb(CLIENT, readers)[DATABASE]["prompts"]
    say_at_work()

    async def count(active: bool, most: int) -> None:
        await prompts.count_documents({"active": active, "favorites": {"$gte": 0, "$lte": most}})

    both = [(number % 4 > 0, 1000 * (number + 1)) for number in range(readers)]
    await asyncio.gather(*(without_end(lambda one=one: count(*one), _PAUSE_S) for one in both))  # type: ignore[misc]


if __name__ == "__main__":
    asyncio.run(_count(count_argument(READERS)))
