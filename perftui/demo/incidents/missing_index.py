"""A release asks something that no index serves."""

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene


class MissingIndex(Incident):
    name = "missing-index"
    words = "a new release of the application shows related prompts, by a query that no index serves"
    verdicts = ("missing-index",)
    subject = "library.prompts"

    def start(self, scene: Scene) -> None:
        scene.session.release(2)

    def stop(self, scene: Scene) -> None:
        scene.session.release(1)
