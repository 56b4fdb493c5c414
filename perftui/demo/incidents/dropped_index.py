"""Somebody drops the index by which each prompt is found."""

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene
from perftui.demo.indexes import SLUG_INDEX


class DroppedIndex(Incident):
    name = "dropped-index"
    words = "a migration drops the index by which each prompt is found"
    verdicts = ("index-dropped",)
    subject = "library.prompts"

    def start(self, scene: Scene) -> None:
        scene.database("migration")["prompts"].drop_index(SLUG_INDEX)

    def stop(self, scene: Scene) -> None:
        scene.database("perftui-demo")["prompts"].create_index("slug", name=SLUG_INDEX)
