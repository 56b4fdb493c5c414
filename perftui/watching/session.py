"""From the monitor to lines, deliveries and an exit code: one run of `perftui watch`."""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence

from msgspec.structs import replace

from perftui.diagnosis.verdict_changes import CLEAR_AFTER_S
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.model.watch import DeliveryTally, WatchLine
from perftui.monitor.live import Monitor
from perftui.watching.alerts import Alerts, new_id
from perftui.watching.delivery import Channel, Delivery, Patience
from perftui.watching.output import Output
from perftui.watching.service import Service

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LAST_TRIES_S = 5.0
_LAST_WRITES_S = 2.0
_FRAMES_BYTES = 256 * 1024
"""Nobody steps back in time here."""


class WatchSession:
    """`await run(seconds)` watches until a signal, the time's end, or until nobody reads the output any more."""

    def __init__(
        self,
        settings: Settings,
        channels: Sequence[Channel],
        *,
        descriptor: int,
        clear_after_s: float = CLEAR_AFTER_S,
        heartbeat_s: float | None = None,
        patience: Patience = Patience(),  # noqa: B008
        say: Callable[[str], None],
    ) -> None:
        self.settings = replace(settings, frames_bytes=_FRAMES_BYTES)
        self.signal: int | None = None
        self.latest: Snapshot | None = None
        self.told = 0
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._service = Service()
        self._output = Output(descriptor, lambda: self._loop.call_soon_threadsafe(self._ended.set), say)
        self._alerts = Alerts(clear_after_s)
        self._deliveries = [Delivery(one, self._lost, patience=patience) for one in channels]
        self._heartbeat_s, self._beat_at = heartbeat_s, time.monotonic()
        self._say = say
        self._names = [one.name for one in channels]

    @property
    def found(self) -> bool:
        """Something was wrong, whether it still is or not."""
        return self.told > 0

    @property
    def unread(self) -> bool:
        """Nobody reads stdout any more."""
        return self._output.failed

    @property
    def dropped(self) -> int:
        """Lines that could not be written to stdout."""
        return self._output.dropped

    async def run(self, seconds: float | None = None) -> tuple[DeliveryTally, ...]:
        """What became of each channel's lines. Raises what the monitor raises, after everything was ended."""
        for number in SIGNALS:
            self._loop.add_signal_handler(number, self._stop, number)
        for delivery in self._deliveries:
            delivery.start()
        self._start()
        monitoring = asyncio.create_task(Monitor(self.settings).run(self._take))
        ending = asyncio.create_task(self._ended.wait())
        try:
            await asyncio.wait({monitoring, ending}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._service.stopping()
            failed = monitoring.done()
            monitoring.cancel()
            ending.cancel()
            await asyncio.gather(monitoring, ending, return_exceptions=True)
            tallies = await asyncio.gather(*(delivery.finish(_LAST_TRIES_S) for delivery in self._deliveries))
        if failed:
            monitoring.result()
        return tuple(tallies)

    def end(self, code: int, tallies: Sequence[DeliveryTally]) -> None:
        """The last line, with the exit code; then what waits is written."""
        lost = sum(tally.lost for tally in tallies)
        words = f"ended: {_count(self.told, 'alert')}" + (
            f", {_count(lost, 'delivery', 'deliveries')} lost" * bool(lost)
        )
        self._put(
            WatchLine(kind="ended", id=new_id(), at=time.time(), message=f"{words}.", told=self.told,
                      deliveries=tuple(tallies), exit_code=code)
        )  # fmt: skip
        self._output.close(_LAST_WRITES_S)
        if self._output.dropped:
            self._say(f"Not all could be written to stdout: {_count(self._output.dropped, 'line')} missing there.")
        for number in SIGNALS:
            self._loop.remove_signal_handler(number)

    def _start(self) -> None:
        targets = tuple(connection.target.address for connection in self.settings.connections)
        to = f"; alerts go to {' and '.join(self._names)}" if self._names else ""
        message = f"watching {', '.join(targets)}{to}."
        self._put(WatchLine(kind="started", id=new_id(), at=time.time(), message=message, targets=targets))
        self._say(message[0].upper() + message[1:])
        self._service.ready(message)

    def _take(self, snapshot: Snapshot) -> None:
        self.latest = snapshot
        self._service.alive()
        for line in self._alerts.take(snapshot):
            self._tell(line)
        now = time.monotonic()
        if self._heartbeat_s is not None and now - self._beat_at >= self._heartbeat_s:
            self._beat_at = now
            self._put(self._alive(snapshot), to_channels=True)

    def _tell(self, line: WatchLine) -> None:
        is_news = line.severity != "info" or line.change != "first"
        self.told += line.severity in ("warning", "critical")
        self._put(line, to_channels=is_news)
        self._service.status(line.message[:300])

    def _alive(self, snapshot: Snapshot) -> WatchLine:
        words = snapshot.verdict.message if snapshot.verdict is not None else "nothing was seen yet"
        message = f"still watching {_count(len(snapshot.targets), 'target')}: {words}"
        return WatchLine(kind="alive", id=new_id(), at=snapshot.taken_at, message=message, told=self.told)

    def _lost(self, tally: DeliveryTally, message: str) -> None:
        self._say(message)
        self._put(
            WatchLine(kind="undelivered", id=new_id(), at=time.time(), severity="warning", message=message,
                      deliveries=(tally,))
        )  # fmt: skip

    def _put(self, line: WatchLine, *, to_channels: bool = False) -> None:
        self._output.add(line)
        for delivery in self._deliveries if to_channels else ():
            delivery.add(line)

    def _stop(self, number: int) -> None:
        """A second signal does not wait for the last tries."""
        if self._ended.is_set():
            for delivery in self._deliveries:
                delivery.hurry()
        self.signal = self.signal or number
        self._ended.set()


def _count(number: int, what: str, many: str = "") -> str:
    return f"{number:,} {what if number == 1 else many or what + 's'}"
