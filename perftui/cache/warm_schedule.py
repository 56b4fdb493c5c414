"""Warms again and again."""

import asyncio
from collections.abc import Awaitable, Callable

from perftui.cache.warm_run import WarmReport


class WarmSchedule:
    """What `CacheWarmer.schedule` gives: a warming now and every interval, until `stop` or the end of `async with`.

    Intervals count from start to start; a run that takes longer than one is followed by the next at once. A run that
    raises is counted in `errors`, and the next one comes all the same.

    >>> import asyncio
    >>> from perftui import CacheWarmer, MemoryStore
    >>> async def load(key):
    ...     return key.upper()
    >>> async def use():
    ...     store = MemoryStore()
    ...     async with CacheWarmer(store).schedule(3600, ["a", "b"], load, ttl=7200) as schedule:
    ...         await schedule.ran(1)
    ...         return schedule.last.stored, await store.get("a")
    >>> asyncio.run(use())
    (2, 'A')
    """

    def __init__(
        self,
        interval_s: float,
        once: Callable[[], Awaitable[WarmReport]],
        report: Callable[[WarmReport], None] | None = None,
    ) -> None:
        if interval_s <= 0:
            raise ValueError("interval must be above 0 seconds")
        self._interval_s, self._once, self._report = interval_s, once, report
        self.runs = self.errors = 0
        self.last: WarmReport | None = None
        self.last_error: Exception | None = None
        self._changed = asyncio.Condition()
        self._task = asyncio.get_running_loop().create_task(self._go_on())

    async def ran(self, times: int) -> None:
        """Return once so many runs are over, or it was stopped."""
        async with self._changed:
            await self._changed.wait_for(lambda: self.runs + self.errors >= times or self._task.done())

    async def stop(self) -> None:
        """End it; a run under way is cancelled."""
        self._task.cancel()
        await asyncio.wait([self._task])
        async with self._changed:
            self._changed.notify_all()

    async def __aenter__(self) -> "WarmSchedule":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def _go_on(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            await self._run()
            due = max(due + self._interval_s, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _run(self) -> None:
        try:
            self.last = await self._once()
            self.runs += 1
            if self._report is not None:
                self._report(self.last)
        except Exception as error:  # the application's own functions; the next run may go well
            self.errors += 1
            self.last_error = error
        async with self._changed:
            self._changed.notify_all()
