"""The application loses connections: cursors that are never read to their end keep every one of its pool."""

from dataclasses import replace

from perftui.demo.faults import Faults
from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.options import DemoOptions

POOL = 8


class FullPool(Incident):
    name = "full-pool"
    words = f"forgotten cursors keep all {POOL} connections of the application's pool; MongoDB is well"
    verdicts = ("pool-full",)

    def options(self, given: DemoOptions) -> DemoOptions:
        return replace(given, pool=POOL)

    def start(self, scene: Scene) -> None:
        scene.set_faults(Faults(leaked_cursors=POOL))

    def stop(self, scene: Scene) -> None:
        scene.set_faults(Faults())
