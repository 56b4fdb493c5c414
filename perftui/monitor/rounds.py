"""Rounds of polling: what is due is started together, and what answers is taken in."""

import asyncio
from collections.abc import Callable

from perftui.model.sample import Sample
from perftui.monitor.polling import Polling
from perftui.monitor.roster import Roster, Watched

_GRACE_SHARE, _LONGEST_GRACE_S = 0.2, 0.2
_EARLY_SHARE = 0.1


class Rounds:
    """Polls the roster's sources.

    `news`: something was read that should be shown soon; `due`: poll again at once; `arriving`: a sample is taken next.
    """

    def __init__(
        self, roster: Roster, *, news: Callable[[], None], due: Callable[[], None], arriving: Callable[[], None]
    ) -> None:
        self._roster, self._news, self._due, self._arriving = roster, news, due, arriving
        self._closing: set[asyncio.Task[None]] = set()

    async def go(self, now: float, interval_s: float) -> None:
        """Start what is due and wait a little for the fast ones."""
        for polling in self._roster.reconcile(interval_s):
            closing = asyncio.create_task(polling.close())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        self._roster.spare_link()
        started = self.start(now, interval_s)
        grace_s = min(interval_s * _GRACE_SHARE, _LONGEST_GRACE_S)
        fast = [polling.task for polling in started.values() if polling.expected_within(grace_s)]
        waited_for = {task for task in fast if task is not None}
        if waited_for:
            await asyncio.wait(waited_for, timeout=grace_s)

    def start(self, now: float, interval_s: float) -> dict[asyncio.Task[Sample], Polling]:
        """Start every poll that is due, all at once; of a target out of reach only one."""
        started = {}
        early_s = interval_s * _EARLY_SHARE
        for watched in self._roster.watched():
            scout = watched.scout() if watched.unreached else None
            for polling in watched.pollings:
                if polling.running or polling.due_at > now + early_s:
                    continue
                if scout is None or polling is scout:
                    started[polling.start(now, self._polled)] = polling
        return started

    def _polled(self, polling: Polling, _task: asyncio.Task[Sample]) -> None:
        self._arriving()
        sample, outcome = polling.finish(_now())
        watched = self._roster.of(polling)
        if sample is None or watched is None:
            return
        if sample.failure is None:
            polling.filled(watched.assembler.take(sample, polling.interval_s))
        if outcome == "recovered":
            self._wake_others(watched, polling)
        if outcome in ("first", "lost", "recovered"):
            self._news()

    def _wake_others(self, watched: Watched, recovered: Polling) -> None:
        """A target is back: its other sources need not wait for their turn, and rights may be others now."""
        for polling in watched.pollings:
            if polling is not recovered and polling.failure is not None and not polling.running:
                polling.ask_again(_now(), reconnect=True)
                self._due()


def _now() -> float:
    return asyncio.get_running_loop().time()
