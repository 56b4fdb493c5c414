"""What a drill is: it begins with a healthy demo, causes one thing, and ends it again."""

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import ClassVar

from perftui.demo.incidents.scene import Scene
from perftui.demo.options import DemoOptions

DOCUMENTS = 60_000
"""Enough that a collection scan hurts, and few enough that the demo starts in seconds."""


class Incident(ABC):
    """One mechanism. A new object is made for each drill; it may keep what it has to end."""

    name: ClassVar[str]
    words: ClassVar[str]
    """What happens, for people: a clause without a full stop."""
    verdicts: ClassVar[tuple[str, ...]]
    """The codes of docs/verdicts.md that name this mechanism; none for what is no incident."""
    subject: ClassVar[str] = ""
    """What the verdict should point at, where there is one such thing."""

    def options(self, given: DemoOptions) -> DemoOptions:
        """What the demo needs for it, beside being healthy."""
        return given

    def prepare(self, scene: Scene) -> None:
        """What was there before and is no incident; before the visitors are watched."""

    @abstractmethod
    def start(self, scene: Scene) -> None:
        """Cause it, and return when it is there."""

    def stop(self, scene: Scene) -> None:
        """End it and undo what it changed. Its workers are ended before, its clients are closed afterwards."""


def healthy_options(given: DemoOptions) -> DemoOptions:
    """Each query with its index."""
    return replace(given, indexed=True)
