"""Writes behind: the application goes on, the store gets its writes in batches, and none that was accepted is lost."""

import os
import signal
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from perftui.cache.codec import Codec, PlainCodec
from perftui.cache.refusals import is_refusal
from perftui.cache.spill_records import Waiting
from perftui.cache.write_loop import WriteLoop
from perftui.cache.write_queue import QueueFull, WriteQueue
from perftui.cache.write_types import Write, WriteOptions, Writer, WriteReport

if TYPE_CHECKING:
    from perftui.instrument import CacheMonitor


class WriteBehind:
    """Takes writes at once and hands them to `write` in batches, on a thread of its own.

    Writes of one key reach the store in the order in which they were accepted; each at least once. What was accepted
    `flush_s` ago is in the store, or in a file of the folder `spill` that the next process of this `name` replays: so a
    process that is killed loses one interval at most, and one that ends by itself nothing. While the store fails,
    pauses between tries grow to 30 seconds, and once `most` writes wait, `put` does too.

    ```python
    import tempfile

    from perftui import WriteBehind

    store = {}


    def write(batch):
        store.update((one.key, one.value) for one in batch)


    with WriteBehind(write, tempfile.mkdtemp(), name="views") as behind:
        behind.put("page:7", 1)
        behind.put("page:7", 2)
        assert behind.flush(10)
    assert store == {"page:7": 2}
    ```
    """

    def __init__(
        self,
        write: Writer,
        spill: str | os.PathLike[str],
        *,
        name: str = "writes",
        batch: int = 100,
        flush_s: float = 1.0,
        most: int = 10_000,
        attempts: int = 5,
        refused: Callable[[Exception], bool] = is_refusal,
        codec: Codec | None = None,
        monitor: "CacheMonitor | None" = None,
        on_lost: Callable[[Sequence[Write], str], None] | None = None,
    ) -> None:
        """`refused(error)` tells a store that will not take a write from one that is down; a write that is refused
        `attempts` times, and others not, is rejected, and `on_lost` hears of it; after twice as many where none waits
        that could tell. Raises `OSError` where `spill` cannot be written."""
        if batch < 1 or most < 1 or flush_s <= 0 or attempts < 1 or not name.isidentifier():
            raise ValueError("batch, most and attempts must be 1 or more, flush_s above 0, and name a plain word")
        options = WriteOptions(write, name, batch, flush_s, attempts, refused, codec or PlainCodec(), monitor, on_lost)
        self._codec, self._flush_s, self._pid = options.codec, flush_s, os.getpid()
        self._queue = WriteQueue(most)
        self._loop = WriteLoop(self._queue, Path(spill), options)
        self._at_end: Callable[[], None] | None = None
        weakref.finalize(self, self._queue.abandon).atexit = False

    def put(self, key: str, value: Any, timeout_s: float | None = None) -> None:
        """Accept a write; its value is encoded now, so that a later change of it does no harm.

        Waits while the queue is full, and raises `QueueFull` after `timeout_s`; raises what the codec raises.
        """
        self._accept(Waiting(key, self._codec.encode(value)), timeout_s)

    def remove(self, key: str, timeout_s: float | None = None) -> None:
        """Accept a removal, in order with the writes of the key."""
        self._accept(Waiting(key, b"", True), timeout_s)

    async def put_async(self, key: str, value: Any, timeout_s: float | None = None) -> None:
        """`put` that waits without blocking the event loop."""
        import asyncio

        write, started = Waiting(key, self._codec.encode(value)), time.monotonic()
        while True:
            try:
                self._accept(write, 0.0)
                return
            except QueueFull:
                if timeout_s is not None and time.monotonic() - started >= timeout_s:
                    raise
                await asyncio.sleep(min(0.01, self._flush_s / 4))

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until all that was accepted so far is written; whether it was in time."""
        self._check_process()
        return self._queue.wait_written(timeout_s)

    def close(self, timeout_s: float = 5.0) -> WriteReport:
        """Accept nothing more, write what waits, and after `timeout_s` leave the rest in the file. Once is enough."""
        self._loop.close(timeout_s)
        if self._loop.ended.is_set():
            at_end, self._at_end = self._at_end, None  # two threads may be here at once
            if at_end is not None:
                at_end()
        return self.report()

    async def close_async(self, timeout_s: float = 5.0) -> WriteReport:
        """`close` on a thread, so that the event loop goes on."""
        import asyncio

        return await asyncio.to_thread(self.close, timeout_s)

    def close_on_sigterm(self, timeout_s: float = 5.0) -> None:
        """Close when SIGTERM comes, then do what it did before. From the main thread only."""
        earlier = signal.getsignal(signal.SIGTERM)

        def go_on() -> None:
            if threading.current_thread() is not threading.main_thread():  # it alone may set handlers: tell it again
                os.kill(os.getpid(), signal.SIGTERM)
                return
            signal.signal(signal.SIGTERM, earlier if earlier is not None else signal.SIG_DFL)
            if earlier != signal.SIG_IGN:
                os.kill(os.getpid(), signal.SIGTERM)

        def handle(_number: int, _frame: FrameType | None) -> None:
            self._at_end = go_on  # where we close already, maybe on this very thread, that one goes on with it
            self.close(timeout_s)

        signal.signal(signal.SIGTERM, handle)

    def report(self) -> WriteReport:
        """What became of the writes so far."""
        return self._loop.counts.report(len(self._queue))

    def __enter__(self) -> "WriteBehind":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self, write: Waiting, timeout_s: float | None) -> None:
        self._check_process()
        self._queue.put(write, timeout_s)
        self._loop.counts.accept()

    def _check_process(self) -> None:
        if os.getpid() != self._pid:
            raise RuntimeError("this write-behind was made before the fork: make one in each process")
