"""An endpoint waits for something that is neither of its stores: they are well."""

from perftui.demo.faults import Faults
from perftui.demo.incidents.incident import Incident
from perftui.demo.incidents.scene import Scene

WAITS_S = 0.8


class SlowEndpoint(Incident):
    name = "slow-endpoint"
    words = "the page of a prompt waits for a service outside, while MongoDB and Redis are well"
    verdicts = ("slow-endpoint",)
    subject = "GET /api/prompts/{slug}"

    def start(self, scene: Scene) -> None:
        scene.set_faults(Faults(prompt_waits_s=WAITS_S))

    def stop(self, scene: Scene) -> None:
        scene.set_faults(Faults())
