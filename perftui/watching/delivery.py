"""Lines on their way to one command or webhook: in order, tried again, bounded, and counted where they are lost."""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, Protocol

from perftui.model.redaction import redact
from perftui.model.watch import DeliveryTally, WatchLine

_SPREAD = 0.2


class DeliveryError(Exception):
    """It was not delivered, in words without secrets. `for_good`: another try would end the same."""

    def __init__(self, message: str, *, for_good: bool = False, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.for_good, self.wait_s = for_good, wait_s


class Channel(Protocol):
    """Where lines go."""

    @property
    def name(self) -> str:
        """Without secrets."""
        ...

    async def deliver(self, line: WatchLine) -> None:
        """Bring it there, within a time of its own. Raises `DeliveryError`."""
        ...

    async def close(self) -> None: ...


class Patience(NamedTuple):
    """How a delivery is tried again: after `first_s`, then twice that, up to `longest_s`, until `give_up_s`."""

    first_s: float = 1.0
    longest_s: float = 60.0
    give_up_s: float = 900.0


class Delivery:
    """One channel's queue. `lost` is called with the tally and a sentence when something cannot be delivered."""

    def __init__(
        self,
        channel: Channel,
        lost: Callable[[DeliveryTally, str], None],
        *,
        patience: Patience = Patience(),  # noqa: B008
        most_waiting: int = 200,
    ) -> None:
        self._channel, self._lost, self._patience, self._most_waiting = channel, lost, patience, most_waiting
        self._waiting: deque[tuple[WatchLine, float]] = deque()
        self._news, self._hurry = asyncio.Event(), asyncio.Event()
        self._delivered = self._failed = self._dropped = 0
        self._told_full = self._is_trying = self._ending = False
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._running = asyncio.create_task(self._run())

    def add(self, line: WatchLine) -> None:
        """Queue it; where the queue is full, the oldest makes room: the newest says how things are.

        A sign of life is for now only: it does not queue behind what could not be delivered, and is tried once.
        """
        if line.kind == "alive" and self._waiting:
            return
        self._waiting.append((line, time.monotonic()))
        if len(self._waiting) > self._most_waiting:
            del self._waiting[1 if self._is_trying else 0]
            self._dropped += 1
            if not self._told_full:
                self._told_full = True
                self._tell(f"{self._most_waiting} lines wait already: the oldest are dropped")
        self._news.set()

    async def finish(self, within_s: float) -> DeliveryTally:
        """Try each that waits once more, at most so long; what is left then has failed. Closes the channel."""
        self._ending = True
        self._news.set()
        if self._running is not None:
            hurrying = asyncio.create_task(self._hurry.wait())
            await asyncio.wait({self._running, hurrying}, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
            self._running.cancel()
            hurrying.cancel()
            await asyncio.gather(self._running, return_exceptions=True)
        if left := len(self._waiting):
            self._failed += left
            self._waiting.clear()
            self._tell(f"perftui ended before {left} of them were delivered" if left > 1 else "perftui ended before")
        with contextlib.suppress(DeliveryError, TimeoutError):
            await asyncio.wait_for(self._channel.close(), within_s)
        return self.tally

    def hurry(self) -> None:
        """Have `finish` wait no longer."""
        self._hurry.set()

    @property
    def tally(self) -> DeliveryTally:
        return DeliveryTally(
            channel=self._channel.name,
            delivered=self._delivered,
            failed=self._failed,
            dropped=self._dropped,
            waiting=len(self._waiting),
        )

    async def _run(self) -> None:
        while True:
            while self._waiting:
                self._is_trying = True
                await self._bring(*self._waiting[0])
                self._is_trying = False
                self._waiting.popleft()
            if self._ending:
                return
            self._news.clear()
            await self._news.wait()

    async def _bring(self, line: WatchLine, since: float) -> None:
        """Until it is delivered or given up."""
        wait_s = self._patience.first_s
        while True:
            try:
                await self._channel.deliver(line)
            except DeliveryError as error:
                if line.kind == "alive":
                    return
                asked_s = min(error.wait_s or 0.0, self._patience.longest_s)
                pause_s = max(wait_s, asked_s)
                too_late = time.monotonic() + pause_s - since > self._patience.give_up_s
                if error.for_good or too_late or self._ending:
                    self._failed += 1
                    self._tell(f"{error} ({line.kind} {line.id[:8]})")
                    return
                await self._pause(pause_s * random.uniform(1 - _SPREAD, 1 + _SPREAD))  # noqa: S311
                wait_s = min(2 * wait_s, self._patience.longest_s)
            else:
                self._delivered += 1
                self._told_full = False
                return

    async def _pause(self, seconds: float) -> None:
        """Cut short at the end."""
        deadline = time.monotonic() + seconds
        while not self._ending and (left := deadline - time.monotonic()) > 0:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), left)

    def _tell(self, reason: str) -> None:
        self._lost(self.tally, redact(f"Not delivered to {self._channel.name}: {reason}."))
