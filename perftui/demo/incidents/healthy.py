"""No incident: visitors with their bursts, every query with its index."""

from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene


class Healthy(Incident):
    name = "healthy"
    words = "no incident: an ordinary load with a burst every 25 seconds"
    verdicts = ()

    def start(self, _scene: Scene) -> None:
        """Nothing."""
