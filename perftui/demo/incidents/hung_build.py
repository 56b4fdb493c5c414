"""A member is down, and an index build waits for its vote without an end."""

import asyncio
import time
from dataclasses import replace

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.incidents.working import mongodb, say_at_work
from perftui.demo.options import DemoOptions
from perftui.demo.seeding import DATABASE

CLIENT = "release-script"
INDEX = "updated_by_hand"
_STARTED_TIMEOUT_S = 30.0
_NOT_FOUND = 27


class HungBuild(Incident):
    name = "hung-build"
    words = "a member is down, and the build of an index waits for its vote"
    verdicts = ("index-build-hung",)

    def options(self, given: DemoOptions) -> DemoOptions:
        return replace(given, members=3)

    def start(self, scene: Scene) -> None:
        scene.session.members[-1].stop()
        worker = scene.start_worker("hung_build")
        deadline = time.monotonic() + _STARTED_TIMEOUT_S
        while not _builds(scene):
            if not worker.running or time.monotonic() > deadline:
                raise RuntimeError(f"the build did not begin: {worker.last_words()}")
            time.sleep(0.05)

    def stop(self, scene: Scene) -> None:
        """Give up the build, if its client's end has not, and bring the member back."""
        from pymongo.errors import OperationFailure

        from perftui.servers.mongod import wait_for_roles

        try:
            scene.database("perftui-demo")["prompts"].drop_index(INDEX)
        except OperationFailure as error:
            if error.code != _NOT_FOUND:
                raise
        finally:
            scene.session.members[-1].restart()
            wait_for_roles(scene.session.members)


def _builds(scene: Scene) -> int:
    status = scene.client("perftui-demo").admin.command("serverStatus")
    return int(status.get("activeIndexBuilds", {}).get("total", 0))


async def _build() -> None:
    from pymongo import IndexModel

    prompts = mongodb(CLIENT, 2)[DATABASE]["prompts"]
    say_at_work()
    await prompts.create_indexes([IndexModel("pattern", name=INDEX)], commitQuorum="votingMembers")


if __name__ == "__main__":
    asyncio.run(_build())
