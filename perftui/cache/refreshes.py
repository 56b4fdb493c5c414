"""Loads stale values anew beside those who read them, a few at a time."""

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import Context, copy_context

from perftui.cache.forking import begin_anew_in_child

_THREADS, _TASKS = 4, 16
_MOST = 1_000
"""Keys that wait or are being loaded. Of more, the next one who reads tries again."""


class Refreshes:
    """On threads, which end when nothing waits. What is started raises nothing."""

    def __init__(self) -> None:
        self.begin_anew()
        begin_anew_in_child(self)

    def begin_anew(self) -> None:
        self._lock = threading.RLock()
        self._keys: set[str] = set()
        self._waiting: deque[tuple[str, Callable[[], None]]] = deque()
        self._threads = 0

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def start(self, key: str, work: Callable[[], None]) -> None:
        """Once for a key at a time. Nothing is done where no thread can be had: who reads must not suffer for it."""
        with self._lock:
            if key in self._keys or len(self._keys) >= _MOST or sys.is_finalizing():
                return
            self._keys.add(key)
            self._waiting.append((key, work))
            if self._threads >= _THREADS or self._start_thread():
                return
            if not self._threads:
                self._waiting.clear()
                self._keys.clear()

    def _start_thread(self) -> bool:
        try:
            threading.Thread(target=self._work_on, name="perftui-refresh", daemon=True).start()
        except (RuntimeError, MemoryError):
            return False
        self._threads += 1
        return True

    def _work_on(self) -> None:
        while (found := self._next()) is not None:
            key, work = found
            with suppress(BaseException):  # a loader may end its thread, which is ours
                work()
            self._keys.discard(key)

    def _next(self) -> tuple[str, Callable[[], None]] | None:
        with self._lock:
            if self._waiting:
                return self._waiting.popleft()
            self._threads -= 1
            return None


class AsyncRefreshes:
    """As tasks of one event loop."""

    def __init__(self) -> None:
        self.begin_anew()
        begin_anew_in_child(self)

    def begin_anew(self) -> None:
        self._keys: set[str] = set()
        self._waiting: deque[tuple[str, Callable[[], Awaitable[None]], Context]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def start(self, key: str, work: Callable[[], Awaitable[None]]) -> None:
        """Once for a key at a time."""
        if key in self._keys or len(self._keys) >= _MOST:
            return
        self._keys.add(key)
        # In its own reader's context, as a task that this one starts itself; it begins when another's has ended.
        self._waiting.append((key, work, copy_context()))
        self._begin_next()

    def _begin_next(self) -> None:
        if self._waiting and len(self._tasks) < _TASKS:
            key, work, context = self._waiting.popleft()
            task = asyncio.get_running_loop().create_task(self._do(key, work), context=context)
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    async def _do(self, key: str, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        finally:
            self._keys.discard(key)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        """The tasks of a loop that ends are cancelled, maybe before they began: what waits is for nobody then."""
        self._tasks.discard(task)
        if not task.cancelled():
            self._begin_next()
        elif not self._tasks:
            self._keys.clear()
            self._waiting.clear()
