"""The primary steps down, and another member takes over."""

from dataclasses import replace

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.options import DemoOptions

_AWAY_S = 300
_CATCH_UP_S = 10


class StepDown(Incident):
    name = "step-down"
    words = "the primary is told to step down, and another member takes over"
    verdicts = ("stepped-down",)

    def options(self, given: DemoOptions) -> DemoOptions:
        return replace(given, members=3)

    def start(self, scene: Scene) -> None:
        command = {"replSetStepDown": _AWAY_S, "secondaryCatchUpPeriodSecs": _CATCH_UP_S}
        scene.client("deploy-script").admin.command(command)

    def stop(self, scene: Scene) -> None:
        """Let it be elected again: by its priority it takes over by itself."""
        from perftui.servers.mongod import wait_for_roles

        if not scene.session.mongod.is_primary():  # who is primary again cannot be thawed
            scene.client("perftui-demo").admin.command({"replSetFreeze": 0})
        wait_for_roles(scene.session.members)
