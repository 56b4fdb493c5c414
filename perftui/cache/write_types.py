"""What write-behind takes, hands on and tells."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from perftui.cache.codec import Codec

if TYPE_CHECKING:
    from perftui.instrument import CacheMonitor


class Write(NamedTuple):
    """One write that the store is to get.

    >>> from perftui import Write
    >>> Write("user:1", {"name": "Ada"}).deleted
    False
    """

    key: str
    value: Any
    deleted: bool = False
    """The key is to be removed; `value` is None."""


Writer = Callable[[Sequence[Write]], None]
"""Writes a batch to the store, in order; raises where that may not have happened."""


class WriteOptions(NamedTuple):
    """How batches are written."""

    write: Writer
    name: str
    batch: int
    flush_s: float
    attempts: int
    refused: Callable[[Exception], bool]
    codec: Codec
    monitor: "CacheMonitor | None"
    on_lost: Callable[[Sequence[Write], str], None] | None


@dataclass(frozen=True, kw_only=True)
class WriteReport:
    """What became of the writes.

    >>> from perftui import WriteReport
    >>> WriteReport(accepted=3, written=2, waiting=1).lost
    0
    """

    accepted: int = 0
    written: int = 0
    replayed: int = 0
    """Of `written` and `waiting`: out of files that earlier processes left."""
    waiting: int = 0
    spilled: int = 0
    """Put into the file, because the store did not take them in time; some of them are written by now."""
    retries: int = 0
    """Batches that failed."""
    rejected: int = 0
    """Refused by the store again and again, and kept in `<name>.rejected`."""
    lost: int = 0
    """Neither written nor in a file: the file could not be written at the end, or was damaged."""
    last_error: str = ""


class WriteCounts:
    """Each is changed by one thread, but for `accepted`."""

    def __init__(self) -> None:
        self.accepted = self.written = self.replayed = self.spilled = self.retries = self.rejected = self.lost = 0
        self.last_error = ""
        self._lock = threading.RLock()

    def accept(self) -> None:
        with self._lock:
            self.accepted += 1

    def report(self, waiting: int) -> WriteReport:
        return WriteReport(
            accepted=self.accepted,
            written=self.written,
            replayed=self.replayed,
            waiting=waiting,
            spilled=self.spilled,
            retries=self.retries,
            rejected=self.rejected,
            lost=self.lost,
            last_error=self.last_error,
        )
