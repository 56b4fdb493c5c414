"""One client opens hundreds of connections and keeps them: a pool without a limit, in a loop that forgot to close."""

import asyncio

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.incidents.working import count_argument, mongodb, say_at_work

CLIENT = "mailing-worker"
CONNECTIONS = 450
_POOL = 50


class ConnectionStorm(Incident):
    name = "connection-storm"
    words = f"one client opens {CONNECTIONS} connections and keeps them"
    verdicts = ("connection-storm",)
    count = CONNECTIONS

    def start(self, scene: Scene) -> None:
        scene.start_worker("connection_storm", "--count", self.count)


async def _storm(connections: int) -> None:
    """Pools that fill themselves, as of many workers that were started at once."""
    pools = [mongodb(CLIENT, min(_POOL, connections), filled=True) for _ in range(max(connections // _POOL, 1))]
    say_at_work()
    await asyncio.gather(*(pool.admin.command("ping") for pool in pools))
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_storm(count_argument(CONNECTIONS)))
