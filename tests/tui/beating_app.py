"""A program for tests: the screen on a feed that plays a frame at once after the other and notes each in a file."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

from fakes import SETTINGS, FakeFeed, full_snapshot

from perftui.model.snapshot import Snapshot
from perftui.tui.app import PerftuiApp

_EVERY_S = 0.02


class BeatingFeed(FakeFeed):
    """Notes how many frames it has played."""

    def __init__(self, beats: Path) -> None:
        super().__init__(settings=SETTINGS)
        self._beats = beats

    async def run(self, show: Callable[[Snapshot], None]) -> None:
        self._show, sequence = show, 0
        while True:
            sequence += 1
            self.play(full_snapshot(sequence))
            self._beats.write_text(str(sequence))
            await asyncio.sleep(_EVERY_S)


if __name__ == "__main__":
    app = PerftuiApp(BeatingFeed(Path(sys.argv[1])), SETTINGS)
    app.run()
    sys.exit(app.return_code)
