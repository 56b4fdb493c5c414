"""Loads the pages that are asked for most before they are missed."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from perftui.cache import CacheWarmer, RedisStore, most_used
from perftui.demo.page_cache import Load
from perftui.demo.pages import Pages, page_kind, page_tags
from perftui.instrument import CacheMonitor

if TYPE_CHECKING:
    from perftui.cache import WarmSchedule

_KEYS = 1_000
_LISTS_EVERY_S, _PROMPTS_EVERY_S = 1.0, 5.0
"""A fifth and a sixth of how long they are kept."""


class PageWarming:
    """Two schedules, started and stopped together: lists are few and short-lived, prompts many. Each loads one page
    after the other, so that a database without indexes is not drowned; what is still held is left alone."""

    def __init__(self, store: RedisStore, monitor: CacheMonitor, pages: Pages) -> None:
        self._store, self._monitor, self._pages = store, monitor, pages
        self._schedules: list[WarmSchedule] = []

    def start(self, load: Load) -> None:
        if not self._schedules:
            self._schedules = [
                self._schedule(_LISTS_EVERY_S, lambda key: page_kind(key) != "prompt", load),
                self._schedule(_PROMPTS_EVERY_S, lambda key: page_kind(key) == "prompt", load),
            ]

    async def stop(self) -> None:
        for schedule in self._schedules:
            await schedule.stop()
        self._schedules = []

    @property
    def pages_warmed(self) -> int | None:
        """In the last runs; `None` while it is off, and before the first is over."""
        runs = [schedule.last for schedule in self._schedules if schedule.last is not None]
        return sum(run.stored for run in runs) if runs else None

    def _schedule(self, every_s: float, wanted: Callable[[str], bool], load: Load) -> "WarmSchedule":
        def keys() -> list[str]:
            return [key for key in most_used(self._monitor, _KEYS) if wanted(key)]

        warmer = CacheWarmer(self._store, tags=page_tags)
        return warmer.schedule(every_s, keys, load, self._pages.ttl_s, refresh=False, concurrency=1)
