"""The two threads of a write-behind: one writes batches, the other looks after the file."""

import os
import threading
import time
from pathlib import Path

from perftui.cache.refusals import Refusals
from perftui.cache.spill import keep_aside
from perftui.cache.spill_keeper import SpillKeeper, words_of
from perftui.cache.spill_records import Waiting
from perftui.cache.write_endings import Ending
from perftui.cache.write_queue import WriteQueue
from perftui.cache.write_singly import Attempts, Halted, Singly
from perftui.cache.write_types import Write, WriteCounts, WriteOptions

_LONGEST_PAUSE_S = 30.0
_PARTS = 4
"""The file is looked after so often in one flush interval."""


class WriteLoop:
    """Replays what earlier processes left, and then writes what comes into the queue.

    It goes on without the `WriteBehind` that made it, until all is written or the process ends.
    """

    def __init__(self, queue: WriteQueue, folder: Path, options: WriteOptions) -> None:
        self._queue, self._folder, self._options = queue, folder, options
        self._pid, self._pause_s = os.getpid(), 0.0
        self.counts, self._refusals = WriteCounts(), Refusals(options.attempts)
        self.closing, self._stopped, self.ended = threading.Event(), threading.Event(), threading.Event()
        self._file = SpillKeeper(queue, folder, options.name, self.counts)
        attempts = Attempts(self._write, self._first, self._stopped.is_set, self.closing.is_set)
        self._singly = Singly(options, self._refusals, attempts)
        for name, work in (("write", self._write_on), ("keep", self._keep_on)):
            threading.Thread(target=work, name=f"perftui-{options.name}-{name}", daemon=True).start()
        self._ending = Ending(self.close)

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits, and after the time leave the rest in the file. In a child of a fork nothing is done."""
        if os.getpid() != self._pid or self.closing.is_set():
            return
        self.closing.set()
        self._queue.close()
        self._queue.wait_written(timeout_s)
        self._end()

    def _end(self) -> None:
        """Write no more; what waits is left in the file."""
        with self._file.lock:
            if self._stopped.is_set():
                return
            self._stopped.set()
            lost = self._file.close()
        if lost:
            self.counts.lost += len(lost)
            self._tell_lost(lost, "the file could not be written")
        self._ending.is_done()
        self.ended.set()

    # The writing thread.

    def _write_on(self) -> None:
        while not self._stopped.is_set():
            self._queue.wait(self._options.flush_s / 3, self._options.batch)
            while len(self._queue) and not self._stopped.is_set():
                if not self._write_next():
                    self._rest()
                    break
            if self._queue.closed and not len(self._queue):
                if self.closing.is_set():
                    return  # who closes ends it, and then goes on with a SIGTERM that came meanwhile
                self._end()

    def _rest(self) -> None:
        """Longer each time the store fails; a close ends it."""
        self._pause_s = min(max(self._pause_s * 2, self._options.flush_s / 2), _LONGEST_PAUSE_S)
        if self.closing.is_set():
            self._stopped.wait(min(self._options.flush_s / 2, 0.05))
        else:
            self.closing.wait(self._pause_s)

    def _write_next(self) -> bool:
        """One batch; whether the store took it, or answered."""
        batch = self._first(self._options.batch)
        error = self._write(batch)
        if error is not None and self._options.refused(error):
            return self._write_singly(batch)
        return error is None

    def _first(self, most: int) -> dict[int, Waiting]:
        """While the file is in use, nothing is written that is not in it: a replay must not put an older value over a
        newer one."""
        with self._file.lock:
            if self._file.in_use:
                self._file.spill()
            return self._queue.first(most)

    def _write_singly(self, batch: dict[int, Waiting]) -> bool:
        """So that one that is refused does not keep the others; whether nothing that was refused is left."""
        try:
            refused, rejected = self._singly.write(batch)
        except Halted:
            return False
        for number in rejected:
            self._reject(number, batch[number], refused[number])
        return len(rejected) == len(refused)

    def _reject(self, number: int, one: Waiting, error: Exception) -> None:
        try:
            keep_aside(self._folder, self._options.name, [one])
            self.counts.rejected += 1
        except OSError:
            self.counts.lost += 1
        self._forget({number: one})
        self._tell_lost([one], f"refused: {words_of(error)}")

    def _write(self, batch: dict[int, Waiting]) -> Exception | None:
        """What the store took waits no longer; the error where it did not."""
        error = self._try(batch)
        if error is None:
            self._done(batch)
        return error

    def _try(self, batch: dict[int, Waiting]) -> Exception | None:
        started = time.monotonic()
        try:
            self._options.write([self._decoded(one) for one in batch.values()])
        except Exception as error:  # whatever the store's client raises, the writes stay
            self.counts.retries += 1
            self.counts.last_error = words_of(error)
            if self._options.monitor is not None:
                self._options.monitor.error()
            return error
        if self._options.monitor is not None:
            self._options.monitor.set(time.monotonic() - started, len(batch))
        return None

    def _done(self, batch: dict[int, Waiting]) -> None:
        self._pause_s = 0.0
        self.counts.written += len(batch)
        self._refusals.taken()
        self._forget(batch)

    def _forget(self, batch: dict[int, Waiting]) -> None:
        self._refusals.forget(batch)
        with self._file.lock:
            self._queue.remove(batch)
            if not self._stopped.is_set():
                self._file.clear_if_written()

    # The thread that looks after the file.

    def _keep_on(self) -> None:
        """What waits longer than half an interval goes into the file, and what came after it too."""
        older = newer = 0
        while not self._stopped.wait(self._options.flush_s / _PARTS):
            first = self._queue.first_number()
            if first is not None and first <= older:
                with self._file.lock:
                    if not self._stopped.is_set():
                        self._file.spill()
            older, newer = newer, self._queue.last_number()

    def _tell_lost(self, writes: list[Waiting], why: str) -> None:
        self.counts.last_error = why
        if self._options.on_lost is not None:
            try:
                self._options.on_lost([self._decoded(one) for one in writes], why)
            except Exception as error:  # the application's own function
                self.counts.last_error = words_of(error)

    def _decoded(self, one: Waiting) -> Write:
        return Write(one.key, None if one.deleted else self._options.codec.decode(one.data), one.deleted)
