"""What a screen reads: a stream of Snapshots with their history, live or replayed."""

from collections.abc import Callable, Sequence
from typing import Protocol

from perftui.model.event import Event
from perftui.model.proof import ProofStart
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot


class Series(Protocol):
    """Numeric history, one value a tick, derived from the Snapshots alone."""

    def values(
        self, target_id: str, metric: str, length: int, *, subject: str | None = None, until: int | None = None
    ) -> Sequence[float | None]:
        """The last `length` values, oldest first, padded in front with `None`.

        `metric` is a name of `monitor.metrics.METRICS`; `subject` an endpoint (`GET /a`) or a shape's id where the
        metric is one of many; `until` a Snapshot's sequence to end at.
        """
        ...

    def times(self, length: int, *, until: int | None = None) -> Sequence[float | None]:
        """When each of those values was taken."""
        ...


class Feed(Protocol):
    """A live monitor or a replay: the screen cannot tell them apart but by `live`."""

    live: bool
    settings: Settings

    @property
    def history(self) -> Series: ...

    async def run(self, show: Callable[[Snapshot], None]) -> None:
        """Call `show` with each new Snapshot until cancelled; closes everything on the way out."""
        ...

    def set_interval(self, seconds: float) -> None: ...

    def set_window(self, seconds: float) -> None: ...

    def set_show_noise(self, show: bool) -> None:
        """Read idle and internal operations too, or leave them out; does nothing in a replay."""
        ...

    def set_list_connections(self, wanted: bool) -> None:
        """Read who holds the connections, however few they are, while a screen shows it; nothing in a replay."""
        ...

    def watch_proofs(self, starts: Sequence[ProofStart]) -> None:
        """Show what became of these indexes of ours; a replay shows those that were recorded."""
        ...

    def refresh(self) -> None:
        """Poll everything now; sources that were refused rights look again."""
        ...

    def tell(self, event: Event) -> None:
        """Put an event that the screen caused, such as an action's outcome, among the others."""
        ...

    def frame(self, sequence: int) -> Snapshot | None:
        """An earlier Snapshot, or `None` when it is not kept any more."""
        ...

    def frames(self) -> tuple[int, int]:
        """The first and last sequence that `frame` can give."""
        ...
