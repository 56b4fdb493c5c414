"""One call for all who ask for the same key at the same time."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from perftui.cache.entry import Entry
from perftui.cache.forking import begin_anew_in_child
from perftui.cache.stores.base import CacheStore


class Flights:
    """For threads: the first who asks calls, the others wait for what that gives or raises."""

    def __init__(self) -> None:
        self.begin_anew()
        begin_anew_in_child(self)

    def begin_anew(self) -> None:
        self._flying: dict[str, _Flight] = {}
        self._lock = threading.Lock()

    def fly(self, key: str, call: Callable[[], Any]) -> Any:
        with self._lock:
            flight = self._flying.get(key)
            first = flight is None
            if flight is None:
                flight = self._flying[key] = _Flight()
        if not first:
            return flight.wait()
        try:
            flight.result = call()
        except BaseException as error:
            flight.error = error
            raise
        finally:
            with self._lock:
                if self._flying.get(key) is flight:  # it is not in a child whose fork was during the call
                    del self._flying[key]
            flight.landed.set()
        return flight.result


class _Flight:
    def __init__(self) -> None:
        self.landed = threading.Event()
        self.result: Any = None
        self.error: BaseException | None = None

    def wait(self) -> Any:
        self.landed.wait()
        if isinstance(self.error, Exception):
            raise self.error
        if self.error is not None:  # the thread that called was interrupted: that is not ours
            raise RuntimeError(f"the load was interrupted by {type(self.error).__name__}")
        return self.result


class AsyncFlights:
    """For tasks of one event loop. The call goes on when whoever began it is cancelled."""

    def __init__(self) -> None:
        self.begin_anew()
        begin_anew_in_child(self)

    def begin_anew(self) -> None:
        self._flying: dict[str, asyncio.Task[Any]] = {}

    async def fly(self, key: str, call: Callable[[], Awaitable[Any]]) -> Any:
        return await asyncio.shield(self.start(key, call))

    def start(self, key: str, call: Callable[[], Awaitable[Any]]) -> "asyncio.Task[Any]":
        """The call under way, or a new one."""
        task = self._flying.get(key)
        if task is None:
            task = asyncio.get_running_loop().create_task(_run(call))
            self._flying[key] = task
            task.add_done_callback(lambda done: self._land(key, done))
        return task

    def _land(self, key: str, done: "asyncio.Task[Any]") -> None:
        if self._flying.get(key) is done:
            del self._flying[key]
        if not done.cancelled():
            done.exception()  # asked for, so that one which nobody waits for any more is not complained of


class SharedLooks:
    """`find` of a store, with one command for all tasks that ask for a key at the same time; each is counted."""

    def __init__(self, store: CacheStore) -> None:
        self._store = store
        self.begin_anew()
        begin_anew_in_child(self)

    def begin_anew(self) -> None:
        self._looking: dict[str, asyncio.Future[Entry | None]] = {}

    async def find(self, key: str) -> Entry | None:
        while (looking := self._looking.get(key)) is not None:
            try:
                entry = await asyncio.shield(looking)
            except asyncio.CancelledError:
                if looking.cancelled():  # who looked was cancelled, not we
                    continue
                raise
            self._tell(key, entry)
            return entry
        return await self._look(key)

    async def _look(self, key: str) -> Entry | None:
        looking = self._looking[key] = asyncio.get_running_loop().create_future()
        try:
            entry = await self._store.find(key)
        except Exception as error:
            looking.set_exception(error)
            looking.exception()  # asked for, since maybe nobody waits for it
            raise
        except asyncio.CancelledError:
            looking.cancel()
            raise
        finally:
            if self._looking.get(key) is looking:
                del self._looking[key]
        looking.set_result(entry)
        return entry

    def _tell(self, key: str, entry: Entry | None) -> None:
        if self._store.monitor is not None:
            (self._store.monitor.miss if entry is None else self._store.monitor.hit)(key)


async def _run(call: Callable[[], Awaitable[Any]]) -> Any:
    return await call()
