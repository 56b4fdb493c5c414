"""A feed that is recorded while it is shown."""

from collections.abc import Callable, Sequence

from perftui.model.event import Event
from perftui.model.proof import ProofStart
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.monitor.feed import Feed, Series
from perftui.monitor.recording import Recorder, RecordingError


class RecordedFeed:
    """Passes everything on to the feed behind it and writes each Snapshot to the recorder, while that can be done."""

    def __init__(self, feed: Feed, recorder: Recorder) -> None:
        self.live = feed.live
        self.settings: Settings = feed.settings
        self._feed = feed
        self._recorder = recorder

    @property
    def history(self) -> Series:
        return self._feed.history

    async def run(self, show: Callable[[Snapshot], None]) -> None:
        def show_and_record(snapshot: Snapshot) -> None:
            show(snapshot)
            try:
                self._recorder.add(snapshot)
            except RecordingError as error:  # the screen is worth more than the file
                self.tell(_recording_ended(snapshot.taken_at, str(error)))

        try:
            await self._feed.run(show_and_record)
        finally:
            self._recorder.close()

    def set_interval(self, seconds: float) -> None:
        self._feed.set_interval(seconds)

    def set_window(self, seconds: float) -> None:
        self._feed.set_window(seconds)

    def set_show_noise(self, show: bool) -> None:
        self._feed.set_show_noise(show)

    def set_list_connections(self, wanted: bool) -> None:
        self._feed.set_list_connections(wanted)

    def watch_proofs(self, starts: Sequence[ProofStart]) -> None:
        self._feed.watch_proofs(starts)

    def refresh(self) -> None:
        self._feed.refresh()

    def tell(self, event: Event) -> None:
        self._feed.tell(event)

    def frame(self, sequence: int) -> Snapshot | None:
        return self._feed.frame(sequence)

    def frames(self) -> tuple[int, int]:
        return self._feed.frames()


def _recording_ended(at: float, why: str) -> Event:
    message = f"The recording has ended here: {why}"
    return Event(at=at, target_id="", kind="recording.ended", severity="critical", message=message)
