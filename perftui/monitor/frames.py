"""Earlier Snapshots under a cap of bytes, for stepping back in time."""

import time
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING

from msgspec import Struct, field

from perftui.model.snapshot import Snapshot

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

    from perftui.monitor.codec import FrameDecoder, FrameEncoder

_LEAVES_THE_LOOP_S = 0.02


class _Group(Struct):
    """A keyframe and the frames that need it."""

    first: int
    key: bytes
    deltas: list[bytes] = field(default_factory=list)

    @property
    def last(self) -> int:
        return self.first + len(self.deltas)

    @property
    def size(self) -> int:
        return len(self.key) + sum(len(delta) for delta in self.deltas)


class FrameStore:
    """Keeps every Snapshot until the cap pushes it out, oldest first. Beside the cap stands one plain keyframe.

    Sequences must follow each other; a jump drops what was kept before it. Where encoding takes longer than 20 ms it
    moves to a thread.
    """

    def __init__(self, limit_bytes: int = 8 * 1024 * 1024) -> None:
        self._limit = limit_bytes
        self._groups: deque[_Group] = deque()
        self._size = 0
        self._encoder: FrameEncoder | None = None
        self._decoder: FrameDecoder | None = None
        self._first: Snapshot | None = None
        self._newest: Snapshot | None = None
        self._took_s = 0.0
        self._worker: ThreadPoolExecutor | None = None
        self._lock = Lock()

    def add(self, snapshot: Snapshot) -> None:
        """Keep a Snapshot. The very first is encoded with the second: the library is imported after the first frame."""
        if self._newest is None:
            self._first = self._newest = snapshot
            return
        self._newest = snapshot
        if self._took_s <= _LEAVES_THE_LOOP_S:
            self._store(snapshot)
        else:
            if self._worker is None:
                from concurrent.futures import ThreadPoolExecutor

                self._worker = ThreadPoolExecutor(1, thread_name_prefix="frames")
            self._worker.submit(self._store, snapshot)

    def frame(self, sequence: int) -> Snapshot | None:
        """The Snapshot of that sequence, or `None` when it is not kept."""
        for held in (self._first, self._newest):
            if held is not None and held.sequence == sequence:
                return held
        if self._worker is not None:
            self._worker.submit(int).result()  # what was added before is stored by then
        with self._lock:
            for group in reversed(self._groups):
                if group.first <= sequence <= group.last:
                    delta = group.deltas[sequence - group.first - 1] if sequence > group.first else None
                    if self._decoder is None:
                        from perftui.monitor.codec import FrameDecoder

                        self._decoder = FrameDecoder()
                    return self._decoder.decode(group.key, delta)
        return None

    def frames(self) -> tuple[int, int]:
        """The first and last sequence kept; `(0, -1)` before the first Snapshot."""
        if self._newest is None:
            return 0, -1
        with self._lock:
            oldest = self._groups[0].first if self._groups else self._newest.sequence
        return oldest, self._newest.sequence

    def kept_bytes(self) -> int:
        return self._size

    def close(self) -> None:
        """End the thread, if there is one."""
        if self._worker is not None:
            self._worker.shutdown(wait=True, cancel_futures=True)
            self._worker = None

    def _store(self, snapshot: Snapshot) -> None:
        started = time.thread_time()
        with self._lock:
            first, self._first = self._first, None
            if first is not None:
                self._append(first)
            self._append(snapshot)
        self._took_s = time.thread_time() - started if first is None else 0.0

    def _append(self, snapshot: Snapshot) -> None:
        if self._groups and snapshot.sequence != self._groups[-1].last + 1:
            self._groups.clear()
            self._size = 0
            self._encoder = None
        if self._encoder is None:
            from perftui.monitor.codec import FrameEncoder

            self._encoder = FrameEncoder()
        try:
            frame = self._encoder.encode(snapshot)
        except (ValueError, OverflowError, TypeError):
            return  # what cannot be kept leaves a gap in the past, and must not end the present
        if frame.key:
            self._groups.append(_Group(snapshot.sequence, frame.data))
        else:
            self._groups[-1].deltas.append(frame.data)
        self._size += len(frame.data)
        while self._size > self._limit and len(self._groups) > 1:
            self._size -= self._groups.popleft().size
