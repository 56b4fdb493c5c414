"""A report groups and sorts far more than memory holds: the server writes it to its disk, and goes on for long."""

import asyncio

from perftui.demo.documents import Document
from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.incidents.working import count_argument, mongodb, say_at_work, without_end
from perftui.demo.seeding import DATABASE

CLIENT = "nightly-report"
DAYS = 20
"""Each prompt is counted once for so many days."""


class RunawayAggregation(Incident):
    name = "runaway-aggregation"
    words = "a report groups and sorts every prompt for each of twenty days, more than memory holds"
    verdicts = ("runaway-aggregation",)
    count = DAYS

    def start(self, scene: Scene) -> None:
        scene.start_worker("runaway_aggregation", "--count", self.count)

    def stop(self, scene: Scene) -> None:
        scene.end_operations(CLIENT)


async def _report(days: int) -> None:
    stages: list[Document] = [
        {"$set": {"day": {"$range": [0, days]}}},
        {"$unwind": "$day"},
        {"$group": {"_id": {"slug": "$slug", "day": "$day"}, "prompts": {"$push": "$$ROOT"}}},
        {"$sort": {"prompts.description": 1, "_id.day": -1}},
        {"$limit": 1_000_000},
        {"$count": "rows"},
    ]
    prompts = mongodb(CLIENT, 2)[DATABASE]["prompts"]
    say_at_work()

    async def run() -> None:
        await (await prompts.aggregate(stages, allowDiskUse=True)).to_list()

    await without_end(run)


if __name__ == "__main__":
    asyncio.run(_report(count_argument(DAYS)))
