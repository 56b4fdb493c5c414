"""One Snapshot with rates in it, without a screen."""

import asyncio

from msgspec.structs import replace

from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.monitor.live import Monitor
from perftui.monitor.roster import OpenSystem
from perftui.sources import registry

_LONGEST_TICK_S = 1.0
_MOST_STATES = 200


async def take_snapshot(
    settings: Settings, *, wait_s: float = 10.0, open_system: OpenSystem = registry.open_system
) -> Snapshot:
    """Poll every source twice, so that rates exist, or until it has failed; at most `wait_s`."""
    monitor = Monitor(replace(settings, interval_s=min(settings.interval_s, _LONGEST_TICK_S)), open_system=open_system)
    monitor.roster.judging.judge_budgets_at_once()
    monitor.diagnose_at_once()
    settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def show(_snapshot: Snapshot) -> None:
        if monitor.settled and not settled.done():
            settled.set_result(None)

    running = asyncio.create_task(monitor.run(show))
    try:
        await asyncio.wait({running, settled}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        return _judged(monitor)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def _judged(monitor: Monitor) -> Snapshot:
    """With the findings of all shapes and indexes, which a running monitor spreads over its ticks."""
    for _ in range(_MOST_STATES):
        snapshot = monitor.snapshot_now()
        if not monitor.roster.behind:
            break
    return snapshot
