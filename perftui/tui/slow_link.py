"""Fewer frames where the terminal is far away: what is sent is counted, and a frame waits until it is paid for."""

import asyncio
import time
from collections.abc import Callable

_BURST_S = 1.0
_LONGEST_WAIT_S = 5.0
"""What costs more than this is forgiven: whoever is on call must see something."""


class SlowLink:
    """At most so many bytes a second in the mean; what a key changes is drawn at once and paid for afterwards."""

    def __init__(self, bytes_per_s: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = bytes_per_s, clock
        self._saved = bytes_per_s * _BURST_S
        self._at = clock()
        self._waiting = False

    def wrote(self, text: str) -> None:
        """Count what went to the terminal."""
        cost = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        self._saved = max(self._now() - cost, -self._limit * _LONGEST_WAIT_S)

    def wait_s(self) -> float:
        """How long the next frame must wait."""
        return max(0.0, -self._now() / self._limit)

    def when_free(self, draw: Callable[[], object]) -> None:
        """Draw as soon as it is paid for; several that wait become one."""
        wait_s = self.wait_s()
        if wait_s <= 0:
            draw()
        elif not self._waiting:
            self._waiting = True
            asyncio.get_running_loop().call_later(wait_s, self._draw_late, draw)

    def _draw_late(self, draw: Callable[[], object]) -> None:
        self._waiting = False
        self.when_free(draw)

    def _now(self) -> float:
        now = self._clock()
        self._saved = min(self._limit * _BURST_S, self._saved + (now - self._at) * self._limit)
        self._at = now
        return self._saved
