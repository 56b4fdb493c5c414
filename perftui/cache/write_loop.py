"""The two threads of a write-behind: one writes batches, the other looks after the file."""

import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from perftui.cache.codec import Codec
from perftui.cache.spill import SpillFile, Waiting, keep_aside
from perftui.cache.write_queue import WriteQueue
from perftui.cache.write_types import Write, WriteCounts, Writer

if TYPE_CHECKING:
    from perftui.instrument import CacheMonitor

_LONGEST_PAUSE_S = 30.0
_PARTS = 4
"""The file is looked after so often in one flush interval."""


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


class WriteLoop:
    """Replays what earlier processes left, and then writes what comes into the queue.

    Locks are taken in one order: the file's, then the queue's.
    """

    def __init__(self, queue: WriteQueue, folder: Path, options: WriteOptions) -> None:
        self._queue, self._folder, self._options = queue, folder, options
        self.counts = WriteCounts()
        self.ended = threading.Event()
        self._file = SpillFile(folder, options.name)
        self._file_lock = threading.RLock()
        self._tries: dict[int, int] = {}
        self._pause_s = 0.0
        writes, self.counts.lost = self._file.adopt()
        self._spilled_to = queue.replay(writes)
        self.counts.replayed = len(writes)
        for name, work in (("write", self._write_on), ("keep", self._keep_on)):
            threading.Thread(target=work, name=f"perftui-{options.name}-{name}", daemon=True).start()

    def end(self) -> None:
        """Write no more; what waits is left in the file."""
        with self._file_lock:
            self.ended.set()
            if not self._spill():
                lost = list(self._queue.after(self._spilled_to).values())
                self.counts.lost += len(lost)
                self._tell_lost(lost, "the file could not be written")
            self._clear_if_written()
            self._file.close()

    # The writing thread.

    def _write_on(self) -> None:
        while not self.ended.is_set():
            self._queue.wait(self._options.flush_s / 3, self._options.batch)
            while len(self._queue) and not self.ended.is_set():
                if not self._write_next():
                    self._rest()
                    break
            if self._queue.closed and not len(self._queue):
                return

    def _rest(self) -> None:
        """Longer each time the store fails; a close ends it."""
        self._pause_s = min(max(self._pause_s * 2, self._options.flush_s / 2), _LONGEST_PAUSE_S)
        if not self._queue.closed:
            self._queue.wait(self._pause_s, sys.maxsize)
        else:
            self.ended.wait(min(self._options.flush_s / 2, 0.05))

    def _write_next(self) -> bool:
        """One batch; whether the store took it, or answered."""
        batch = self._next_batch()
        error = self._try(batch)
        if error is None:
            self._done(batch)
        elif self._options.refused(error):
            return self._write_singly(batch)
        return error is None

    def _next_batch(self) -> dict[int, Waiting]:
        """While the file is in use, nothing is written that is not in it: a replay must not put an older value over a
        newer one."""
        with self._file_lock:
            if self._file.used:
                self._spill()
            return self._queue.first(self._options.batch)

    def _write_singly(self, batch: dict[int, Waiting]) -> bool:
        """So that one that is refused does not keep the others; those of its key wait for it."""
        refused: set[str] = set()
        for number, one in batch.items():
            if one.key in refused:
                continue
            error = self._try({number: one})
            if error is None:
                self._done({number: one})
            elif not self._options.refused(error):
                return False
            elif not self._reject_or_wait(number, one, error):
                refused.add(one.key)
        return not refused

    def _reject_or_wait(self, number: int, one: Waiting, error: Exception) -> bool:
        """Whether it is given up."""
        self._tries[number] = self._tries.get(number, 0) + 1
        if self._tries[number] < self._options.attempts:
            return False
        try:
            keep_aside(self._folder, self._options.name, [one])
            self.counts.rejected += 1
        except OSError:
            self.counts.lost += 1
        self._forget({number: one})
        self._tell_lost([one], f"refused: {_words(error)}")
        return True

    def _try(self, batch: dict[int, Waiting]) -> Exception | None:
        started = time.monotonic()
        try:
            self._options.write([self._decoded(one) for one in batch.values()])
        except Exception as error:  # whatever the store's client raises, the writes stay
            self.counts.retries += 1
            self.counts.last_error = _words(error)
            if self._options.monitor is not None:
                self._options.monitor.error()
            return error
        if self._options.monitor is not None:
            self._options.monitor.set(time.monotonic() - started, len(batch))
        return None

    def _done(self, batch: dict[int, Waiting]) -> None:
        self._pause_s = 0.0
        self.counts.written += len(batch)
        self._forget(batch)

    def _forget(self, batch: dict[int, Waiting]) -> None:
        for number in batch:
            self._tries.pop(number, None)
        with self._file_lock:
            self._queue.remove(batch)
            if not self.ended.is_set():
                self._clear_if_written()

    # The thread that looks after the file.

    def _keep_on(self) -> None:
        """What waits longer than half an interval goes into the file, and what came after it too."""
        older = newer = 0
        while not self.ended.wait(self._options.flush_s / _PARTS):
            first = self._queue.first_number()
            if first is not None and first <= older:
                with self._file_lock:
                    if not self.ended.is_set():
                        self._spill()
            older, newer = newer, self._queue.last_number()

    def _spill(self) -> bool:
        """Put into the file what is not there yet; whether that went well."""
        new = self._queue.after(self._spilled_to)
        if not new:
            return True
        try:
            self._file.append(new.values())
        except OSError as error:
            self.counts.last_error = _words(error)
            return False
        self._spilled_to = max(new)
        self.counts.spilled += len(new)
        return True

    def _clear_if_written(self) -> None:
        first = self._queue.first_number()
        if self._file.used and (first is None or first > self._spilled_to):
            self._file.clear()

    def _tell_lost(self, writes: list[Waiting], why: str) -> None:
        self.counts.last_error = why
        if self._options.on_lost is not None:
            try:
                self._options.on_lost([self._decoded(one) for one in writes], why)
            except Exception as error:  # the application's own function
                self.counts.last_error = _words(error)

    def _decoded(self, one: Waiting) -> Write:
        return Write(one.key, None if one.deleted else self._options.codec.decode(one.data), one.deleted)


def _words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
