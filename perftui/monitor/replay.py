"""A recording as a feed: the screen shows it as if it were live."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import Protocol

from perftui.model.event import Event
from perftui.model.proof import ProofStart
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.monitor.history import History
from perftui.monitor.recording import FrameEntry

_LONGEST_PAUSE_S = 5.0
_FRAMES_AT_ONCE = 50


class Frames(Protocol):
    """A recording as it was made, or judged by budgets that are given now."""

    @property
    def entries(self) -> tuple[FrameEntry, ...]: ...

    def snapshot(self, index: int) -> Snapshot:
        """The frame at this place."""
        ...


class Replay:
    """Plays a recording with its own timing, `speed` times as fast; a long gap is cut to a few seconds.

    After the last frame it waits, so that the screen stays; `ended` is set then.
    """

    def __init__(self, recording: Frames, settings: Settings, *, speed: float = 1.0, first: int = 0) -> None:
        """`first`: the place of the frame to begin at; who begins later fills `history` with what is before."""
        self.live = False
        self.settings = settings
        self.history = History(settings.history_s)
        self.recording = recording
        self.ended = asyncio.Event()
        self._speed = speed
        self._sequences = [entry.sequence for entry in recording.entries]
        self._next = first
        self._sought = asyncio.Event()

    async def run(self, show: Callable[[Snapshot], None]) -> None:
        """Call `show` with each Snapshot in its time, until cancelled."""
        while True:
            if self._next < len(self._sequences):
                snapshot = self.recording.snapshot(self._next)
                self._next += 1
                self.history.add(snapshot)
                show(snapshot)
            if self._next >= len(self._sequences):
                self.ended.set()
            await self._pause()

    def seek(self, sequence: int) -> None:
        """Play on from this Snapshot, forwards or back; past either end it stops at the end."""
        wanted = min(bisect_left(self._sequences, sequence), len(self._sequences) - 1)
        for index in range(max(self._next, wanted - self.history.rows), wanted):
            self.history.add(self.recording.snapshot(index))
        self._next = wanted
        self.ended.clear()
        self._sought.set()

    def set_interval(self, seconds: float) -> None:
        """A recording has its own interval."""

    def set_window(self, seconds: float) -> None:
        """A recording has its own window."""

    def set_show_noise(self, show: bool) -> None:
        """A recording holds what was read then."""

    def set_list_connections(self, wanted: bool) -> None:
        """A recording holds what was read then."""

    def watch_proofs(self, starts: Sequence[ProofStart]) -> None:
        """A recording has its own proofs."""

    def refresh(self) -> None:
        """Start again from the first Snapshot."""
        self.seek(self._sequences[0])

    def tell(self, event: Event) -> None:
        """A recording has its own events."""

    def frame(self, sequence: int) -> Snapshot | None:
        index = bisect_left(self._sequences, sequence)
        if index >= len(self._sequences) or self._sequences[index] != sequence:
            return None
        return self.recording.snapshot(index)

    def frames(self) -> tuple[int, int]:
        """From the first Snapshot to the one that plays now, as with a live feed."""
        return self._sequences[0], self._sequences[max(self._next - 1, 0)]

    async def _pause(self) -> None:
        """Until the next frame's time, or until somebody seeks."""
        seconds = None
        if self._next < len(self._sequences):
            entries = self.recording.entries
            step = entries[self._next].taken_at - entries[self._next - 1].taken_at if self._next else 0.0
            seconds = min(max(step, 0.0) / self._speed, _LONGEST_PAUSE_S)
        try:
            async with asyncio.timeout(seconds):
                await self._sought.wait()
        except TimeoutError:
            pass
        self._sought.clear()
