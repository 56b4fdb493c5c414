"""Watches a collection by a change stream, and says so where that is not possible."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pymongo.asynchronous.collection import AsyncCollection
    from pymongo.collection import Collection

_PIPELINE = [{"$project": {"operationType": 1}}]
_AWAIT_MS = 500
"""The server answers so often while nothing changes: a stop takes no longer."""
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 10.0
_NEVER = {40573, 13, 8000, 115}
"""No replica set; no right to; both as other servers of its kind say it."""


@dataclass(frozen=True)
class WatchState:
    """How results are invalidated now."""

    invalidation: str
    why: str = ""


_NOT_STARTED = WatchState("ttl", "the collection is not watched: call start")
_STREAM = WatchState("change stream")


def _failed(error: Exception) -> tuple[WatchState, bool]:
    """And whether trying again may help."""
    code = getattr(error, "code", None)
    words = f"{type(error).__name__}: {error}"[:200]
    if code == 40573:
        return WatchState("ttl", "the server has no change streams: it is no replica set"), False
    return WatchState("ttl", f"the collection cannot be watched: {words}"), code not in _NEVER


class ChangeWatch:
    """On two threads: one reads changes, the other invalidates, once for all that came meanwhile."""

    def __init__(self, collection: "Collection[Any]", changed: Callable[[], Any]) -> None:
        self._collection, self._changed = collection, changed
        self.state = _NOT_STARTED
        self._known, self._dirty, self._stopped = threading.Event(), threading.Event(), threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, timeout_s: float) -> None:
        if self._threads:
            return
        self._stopped.clear()
        self._threads = [
            threading.Thread(target=work, name=f"perftui-{name}", daemon=True)
            for name, work in (("watch", self._watch), ("invalidate", self._invalidate))
        ]
        for thread in self._threads:
            thread.start()
        self._known.wait(timeout_s)

    def stop(self) -> None:
        self._stopped.set()
        self._dirty.set()
        for thread in self._threads:
            thread.join()
        self._threads = []
        self._known.clear()
        self.state = _NOT_STARTED

    def _watch(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._stopped.is_set():
            try:
                with self._collection.watch(_PIPELINE, max_await_time_ms=_AWAIT_MS) as stream:
                    self._clear()  # what changed before is not told
                    self._tell(_STREAM)
                    pause_s = _FIRST_PAUSE_S
                    while stream.alive and not self._stopped.is_set():
                        if stream.try_next() is not None:
                            self._dirty.set()
            except Exception as error:  # whatever it is, results still end by their TTL
                state, again = _failed(error)
                self._tell(state)
                if not again:
                    return
                self._stopped.wait(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _tell(self, state: WatchState) -> None:
        self.state = state
        self._known.set()

    def _invalidate(self) -> None:
        while self._dirty.wait() and not self._stopped.is_set():
            self._dirty.clear()
            self._clear()

    def _clear(self) -> None:
        try:
            self._changed()
        except Exception:  # the store is down, and has counted it: once more in a moment
            self._stopped.wait(_FIRST_PAUSE_S)
            self._dirty.set()


class AsyncChangeWatch:
    """The same as two tasks."""

    def __init__(self, collection: "AsyncCollection[Any]", changed: Callable[[], Awaitable[Any]]) -> None:
        self._collection, self._changed = collection, changed
        self.state = _NOT_STARTED
        self._known, self._dirty = asyncio.Event(), asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, timeout_s: float) -> None:
        if self._tasks:
            return
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(self._watch()), loop.create_task(self._invalidate())]
        try:
            await asyncio.wait_for(self._known.wait(), timeout_s)
        except TimeoutError:
            return

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        self._tasks = []
        self._known.clear()
        self.state = _NOT_STARTED

    async def _watch(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while True:
            try:
                async with await self._collection.watch(_PIPELINE, max_await_time_ms=_AWAIT_MS) as stream:
                    await self._clear()
                    self._tell(_STREAM)
                    pause_s = _FIRST_PAUSE_S
                    while stream.alive:
                        if await stream.try_next() is not None:
                            self._dirty.set()
            except Exception as error:
                state, again = _failed(error)
                self._tell(state)
                if not again:
                    return
                await asyncio.sleep(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)

    def _tell(self, state: WatchState) -> None:
        self.state = state
        self._known.set()

    async def _invalidate(self) -> None:
        while await self._dirty.wait():
            self._dirty.clear()
            await self._clear()

    async def _clear(self) -> None:
        try:
            await self._changed()
        except Exception:
            await asyncio.sleep(_FIRST_PAUSE_S)
            self._dirty.set()
