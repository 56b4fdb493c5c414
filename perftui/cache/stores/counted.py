"""What is asked of a store, told to its monitor."""

import time
from abc import ABC
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from perftui.cache.entry import Entry

if TYPE_CHECKING:
    from perftui.instrument import CacheMonitor


class Counted(ABC):  # noqa: B024 - the abstract methods are those of the whole
    """A part of `CacheStore`."""

    def __init__(self, monitor: "CacheMonitor | None" = None, clock: Callable[[], float] = time.time) -> None:
        self.monitor, self.clock = monitor, clock

    @contextmanager
    def failures(self) -> Iterator[None]:
        """Counts an error and lets it go on."""
        try:
            yield
        except Exception:
            if self.monitor is not None:
                self.monitor.error()
            raise

    def _tell_got(self, asked: tuple[str, ...], found: Mapping[str, Entry], seconds: float) -> None:
        monitor = self.monitor
        if monitor is None:
            return
        for key in asked:
            if key in found:
                monitor.hit(key)
                monitor.value(found[key].value)
            else:
                monitor.miss(key)
        if asked:
            monitor.get_took(seconds)

    def _tell_set(self, values: Mapping[str, Any], seconds: float) -> None:
        if self.monitor is not None:
            self.monitor.set(seconds, len(values))
            for value in values.values():
                self.monitor.value(value)
