"""Somebody flushes the cache: every page is asked of MongoDB again."""

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene

CLIENT = "deploy-script"


class FlushedCache(Incident):
    name = "flushed-cache"
    words = "a deployment flushes the cache"
    verdicts = ("cache-flushed",)

    def start(self, scene: Scene) -> None:
        scene.redis(CLIENT).flushall()
