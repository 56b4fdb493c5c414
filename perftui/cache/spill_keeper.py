"""Keeps the file of a write-behind in step with what waits."""

import threading
from pathlib import Path

from perftui.cache.spill import SpillFile
from perftui.cache.spill_records import Waiting, record_size
from perftui.cache.write_queue import WriteQueue
from perftui.cache.write_types import WriteCounts

_SMALL = 1_048_576
"""Bytes below which a file is left as it is."""
_TIMES = 4
"""It is written anew once it is so many times as large as what waits."""


class SpillKeeper:
    """Locks are taken in one order: the file's, which is `lock`, then the queue's."""

    def __init__(self, queue: WriteQueue, folder: Path, name: str, counts: WriteCounts) -> None:
        self.lock = threading.RLock()
        self._queue, self._counts = queue, counts
        self._file = SpillFile(folder, name)
        self._looked_at = _SMALL
        writes, counts.lost = self._file.adopt()
        self._spilled_to = queue.replay(writes)
        counts.replayed = len(writes)

    @property
    def in_use(self) -> bool:
        return self._file.used

    def spill(self) -> bool:
        """Put into the file what is not there yet; whether that went well."""
        new = self._queue.after(self._spilled_to)
        if not new:
            return True
        try:
            self._file.append(new.values())
        except OSError as error:
            self._counts.last_error = words_of(error)
            return False
        self._spilled_to = max(new)
        self._counts.spilled += len(new)
        self._shrink()
        return True

    def clear_if_written(self) -> None:
        first = self._queue.first_number()
        if self._file.used and (first is None or first > self._spilled_to):
            self._file.clear()
            self._looked_at = _SMALL

    def close(self) -> list[Waiting]:
        """Leave what waits in the file; what could not be put there."""
        lost = [] if self.spill() else list(self._queue.after(self._spilled_to).values())
        self.clear_if_written()
        self._file.close()
        return lost

    def _shrink(self) -> None:
        """A store that just keeps up never lets the queue run empty, when the file could simply be cut to nothing."""
        if self._file.size < self._looked_at:
            return
        waiting = list(self._queue.up_to(self._spilled_to).values())
        size = sum(map(record_size, waiting))
        self._looked_at = max(_SMALL, _TIMES * size)
        if self._file.size < self._looked_at:
            return
        try:
            self._file.replace(waiting)
        except OSError as error:  # the disk may be full: the file is right as it is, only large
            self._counts.last_error = words_of(error)
            self._looked_at = 2 * self._file.size


def words_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:300]
