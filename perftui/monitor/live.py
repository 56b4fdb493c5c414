"""The live feed: polls every source in time and emits one Snapshot a tick."""

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from perftui.model.event import Event
from perftui.model.proof import ProofStart
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.monitor.frames import FrameStore
from perftui.monitor.history import History
from perftui.monitor.judging import Judging
from perftui.monitor.metering import OwnCosts
from perftui.monitor.polling import Polling
from perftui.monitor.roster import OpenSystem, Roster
from perftui.monitor.rounds import Rounds
from perftui.sources import registry

if TYPE_CHECKING:
    from perftui.monitor.past import PastReader

SHORTEST_INTERVAL_S = 0.1

_FIRST_FRAME_GRACE_S = 0.5
_PAINT_FIRST_S = 0.05
_EARLY_AFTER_S = 0.04
_SLEPT_S = 3.0


class Monitor:
    """Reads the settings' connections. Time is the event loop's; `wall` gives Unix seconds."""

    def __init__(
        self,
        settings: Settings,
        *,
        open_system: OpenSystem = registry.open_system,
        wall: Callable[[], float] = time.time,
        look_back: bool = False,
    ) -> None:
        """`look_back`: begin the history with what servers of this machine noted of themselves before."""
        self.live = True
        self.settings = settings
        self.history = History(settings.history_s)
        self.interval_s = max(settings.interval_s, SHORTEST_INTERVAL_S)
        self.window_s = settings.window_s
        self.roster = Roster(settings, open_system)
        self._frames = FrameStore(settings.frames_bytes)
        self._rounds = Rounds(self.roster, news=self._emit_soon, due=self._tick_soon, arriving=self._notice_clock)
        self._judging = Judging(settings.thresholds)
        self._looks_back = look_back
        self._past: PastReader | None = None
        self._costs = OwnCosts()
        self._wall = wall
        self._wake = asyncio.Event()
        self._early = False
        self._tick_now = False
        self._sequence = 0
        self._clock_difference: float | None = None

    async def run(self, show: Callable[[Snapshot], None]) -> None:
        """Call `show` with each Snapshot until cancelled: the first as soon as this machine has answered."""
        opening: asyncio.Task[None] | None = None
        try:
            await self._first_frame(show)
            opening = asyncio.create_task(self._open_others())
            await self._tick_for_ever(show)
        finally:
            if opening is not None:
                opening.cancel()
            if self._past is not None:
                self._past.close()
            await self.roster.close()
            self._frames.close()

    def set_interval(self, seconds: float) -> None:
        """Poll every so many seconds from now on; no source more often than it allows."""
        self.interval_s = max(seconds, SHORTEST_INTERVAL_S)
        for polling in self.roster.pollings():
            polling.set_tick(self.interval_s, self._now())
        self._tick_soon()

    def set_window(self, seconds: float) -> None:
        """Digest the last so many seconds from the next Snapshot on."""
        self.window_s = seconds
        self._emit_soon()

    def set_show_noise(self, show: bool) -> None:
        """Read idle and internal operations too from now on, or leave them out."""
        self._read_again(self.roster.set_show_noise(show))

    def set_list_connections(self, wanted: bool) -> None:
        """Read who holds the connections from now on, however few they are, or only while they are many."""
        self._read_again(self.roster.set_list_connections(wanted))

    def _read_again(self, pollings: Sequence[Polling]) -> None:
        for polling in pollings:
            polling.ask_again(self._now(), reconnect=False)
            self._tick_soon()

    def watch_proofs(self, starts: Sequence[ProofStart]) -> None:
        """Show from now on what became of these indexes of ours, instead of those before."""
        self.roster.judging.watch_proofs(starts)
        self._emit_soon()

    def refresh(self) -> None:
        """Poll everything now; what was refused for want of rights is asked once more."""
        for polling in self.roster.pollings():
            polling.ask_again(self._now(), reconnect=polling.lacks_rights)
        self._tick_soon()

    @property
    def settled(self) -> bool:
        """Every system is open, and each of its sources has answered twice or failed."""
        return self.roster.settled

    def snapshot_now(self) -> Snapshot:
        """What is known at this moment, outside of the ticks."""
        return self._snapshot()

    def frame(self, sequence: int) -> Snapshot | None:
        return self._frames.frame(sequence)

    def frames(self) -> tuple[int, int]:
        return self._frames.frames()

    async def _first_frame(self, show: Callable[[Snapshot], None]) -> None:
        self.roster.open_host()
        self.roster.reconcile(self.interval_s)
        first = self._rounds.start(self._now(), self.interval_s)
        if first:
            await asyncio.wait(first, timeout=_FIRST_FRAME_GRACE_S)
        self._emit(show)

    async def _open_others(self) -> None:
        await asyncio.sleep(_PAINT_FIRST_S)
        await self.roster.open_others(self._tick_soon)

    async def _tick_for_ever(self, show: Callable[[Snapshot], None]) -> None:
        next_tick = self._now() + self.interval_s
        while True:
            await self._wait_until(next_tick)
            now = self._now()
            if self._early and not self._tick_now and now < next_tick:
                await asyncio.sleep(min(_EARLY_AFTER_S, next_tick - now))
                self._emit(show)
                continue
            if now >= next_tick:
                next_tick += self.interval_s * (math.floor((now - next_tick) / self.interval_s) + 1)
            next_tick = min(next_tick, now + self.interval_s)
            self._tick_now = False
            self._notice_clock()
            await self._rounds.go(now, self.interval_s)
            self._emit(show)

    async def _wait_until(self, moment: float) -> None:
        try:
            async with asyncio.timeout_at(moment):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    def _notice_clock(self) -> None:
        """The wall clock ran on while ours stood still: this machine was suspended, or its clock was set.

        To be called before anything that has a time of the wall clock is looked at.
        """
        wall, now = self._wall(), self._now()
        before, self._clock_difference = self._clock_difference, wall - now
        if before is not None and abs(wall - now - before) > _SLEPT_S:
            self._judging.notices.clock_jumped(wall, wall - now - before)
            for watched in self.roster.watched():
                watched.assembler.clock_jumped()

    def _emit(self, show: Callable[[Snapshot], None]) -> None:
        self._early = False
        if not self._tick_now:
            self._wake.clear()
        snapshot = self._snapshot()
        self.history.add(snapshot)
        show(snapshot)
        self._frames.add(snapshot)
        if self._looks_back and self._sequence > 1:
            self._look_back(snapshot)

    def _look_back(self, snapshot: Snapshot) -> None:
        if self._past is None:
            from perftui.monitor.past import PastReader

            self._past = PastReader(self.history, self.tell)
        self._past.look(snapshot)

    def _snapshot(self) -> Snapshot:
        self._notice_clock()
        wall = self._wall()
        targets = self.roster.states(self.window_s, self._now(), wall)
        self._sequence += 1
        snapshot = Snapshot(
            sequence=self._sequence,
            taken_at=round(wall, 3),
            interval_s=self.interval_s,
            window_s=self.window_s,
            targets=targets,
            cost=self._costs.read(),
        )
        return snapshot if self._sequence == 1 else self._judging.judged(snapshot)

    def diagnose_at_once(self) -> None:
        """Have what is suspected count at once, for who takes only one Snapshot."""
        self._judging.judge_at_once()

    @property
    def suspects(self) -> bool:
        """Whether something is suspected that has not lasted long enough to be told."""
        return self._judging.suspects

    def tell(self, event: Event) -> None:
        """Put an event that the screen caused among the others."""
        self._judging.notices.tell(event)

    def _emit_soon(self) -> None:
        self._early = True
        self._wake.set()

    def _tick_soon(self) -> None:
        self._tick_now = True
        self._wake.set()

    def _now(self) -> float:
        return asyncio.get_running_loop().time()
