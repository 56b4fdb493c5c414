"""What reading costs: CPU of one task's own steps, and of the whole program."""

import os
import time
from collections import deque
from collections.abc import Coroutine, Generator
from pathlib import Path
from typing import Any, Generic, TypeVar

from perftui.model.snapshot import OwnCost

Result = TypeVar("Result")

_STATM = Path("/proc/self/statm")
_AVERAGED_TICKS = 10
_STARTING_S = 3.0


class Metered(Generic[Result]):
    """Awaits a coroutine and adds up the CPU of its steps.

    Polls interleave on one thread, so time around an `await` would count the others' work too. Left out are worker
    threads and the event loop's own reading of sockets: the program's `OwnCost` has those.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, Result]) -> None:
        self.cpu_s = 0.0
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, Result]:
        sent: Any = None
        raised: BaseException | None = None
        while True:
            started = time.thread_time()
            try:
                waited_for = self._coroutine.send(sent) if raised is None else self._coroutine.throw(raised)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            finally:
                self.cpu_s += time.thread_time() - started
            sent, raised = None, None
            try:
                sent = yield waited_for
            except GeneratorExit:
                self._coroutine.close()
                raise
            except BaseException as error:
                raised = error


class OwnCosts:
    """CPU and memory of this process, CPU as a mean over the last ticks.

    The first seconds import libraries and connect: what they cost is no part of what watching costs.
    """

    def __init__(self, starting_s: float = _STARTING_S) -> None:
        self._counted_from = time.monotonic() + starting_s
        self._readings: deque[tuple[float, float]] = deque(maxlen=_AVERAGED_TICKS)
        self._page_bytes = os.sysconf("SC_PAGE_SIZE")

    def read(self) -> OwnCost:
        """The cost up to now; the CPU's share is unknown until the start is over and two readings were taken."""
        now, used = time.monotonic(), time.process_time()
        share = None
        if now < self._counted_from:
            return OwnCost(resident_bytes=self._resident_bytes())
        if self._readings:
            then, used_then = self._readings[0]
            share = round((used - used_then) / (now - then), 4) if now > then else None
        self._readings.append((now, used))
        return OwnCost(cpu_share=share, resident_bytes=self._resident_bytes())

    def _resident_bytes(self) -> int | None:
        try:
            return int(_STATM.read_bytes().split()[1]) * self._page_bytes
        except (OSError, ValueError, IndexError):
            return None
