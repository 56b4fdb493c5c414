"""What every source is: one thing that reads one target, never raises, and knows its own cost."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Protocol

from perftui.model.sample import Capability, Failure, Payload, Sample
from perftui.model.target import Target

_CLOCK_WAS_SET_S = 1.0
"""A poll that took so much more or less by our clock than by itself has seen it set, or this machine suspended."""


class Reading(NamedTuple):
    """What one read gave and cost."""

    payload: Payload | None
    received_bytes: int | None = None
    sent_commands: int = 0
    notes: tuple[str, ...] = ()
    clock_offset_s: float | None = None


class Source(ABC):
    """Reads one target. The client's library is imported in `connect`, off the path to the first frame."""

    name: ClassVar[str]
    interval_s: ClassVar[float] = 1.0
    """Never polled more often than this; the user's interval may make it rarer."""
    timeout_s: float = 5.0
    """The last resort above the client's own timeouts, which come first."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.capabilities: tuple[Capability, ...] = ()
        self._connected = False

    @abstractmethod
    async def connect(self) -> None:
        """Reach the target and find out what may be read. One cheap attempt; may raise."""

    @abstractmethod
    async def read(self) -> Reading:
        """Read once. May raise; `explain` tells why in words."""

    @abstractmethod
    def explain(self, error: BaseException) -> Failure:
        """Turn what `connect` or `read` raised into a sentence without secrets."""

    async def close(self) -> None:
        """Give back what `connect` took. Safe to call at any time, more than once."""

    async def poll(self) -> Sample:
        """One reading or one failure; raises nothing but `CancelledError`."""
        began, started = time.time(), time.perf_counter()
        reading, failure = Reading(None), None
        try:
            async with asyncio.timeout(self.timeout_s):
                if not self._connected:
                    await self.connect()
                    self._connected = True
                reading = await self.read()
        except Exception as error:  # a source's failure is a sample like any other
            failure = self.explain(error)
        took_s = time.perf_counter() - started
        by_clock = time.time() - took_s
        was_set = abs(by_clock - began) > _CLOCK_WAS_SET_S
        return Sample(
            source=self.name,
            target=self.target,
            taken_at=by_clock if was_set else began,
            duration_ms=took_s * 1000,
            received_bytes=reading.received_bytes,
            sent_commands=reading.sent_commands,
            payload=reading.payload,
            notes=reading.notes,
            failure=failure,
            clock_offset_s=None if was_set else reading.clock_offset_s,
        )

    def set_show_noise(self, show: bool) -> bool:  # noqa: ARG002 - for those that have noise
        """Whether to read idle and internal operations too; true when the next reading will differ for it."""
        return False

    def set_list_connections(self, wanted: bool) -> bool:  # noqa: ARG002 - for those that can tell
        """Whether to read who holds the connections; true when the next reading will differ for it."""
        return False

    def expect_every(self, seconds: float) -> None:
        """It is polled this often from now on: what lies much further apart gives no rate."""

    def hurry(self) -> None:
        """Let the next poll read everything, also what is read rarely."""

    def reconnect(self) -> None:
        """Make the next poll connect again, as after a restart or when the user asks to look at the rights anew."""
        self._connected = False


class System(Protocol):
    """All sources behind one connection. A replica set's grow and shrink with its members."""

    def sources(self) -> Sequence[Source]:
        """The sources wanted now. The monitor calls this every tick, starts new ones and closes those gone."""
        ...

    async def close(self) -> None:
        """Close every client of this system."""
        ...
