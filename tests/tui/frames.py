"""Runs the screen on a fake feed and reads it as text."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import textual.app
import textual.pilot
from fakes import SETTINGS, FakeFeed, full_snapshots
from textual._wait import wait_for_idle
from textual.pilot import Pilot

from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot
from perftui.tui.app import PerftuiApp

GOLDEN = Path(__file__).parent / "golden"
_PATIENCE_S = 60.0
_TURNS = 50


async def _wait_for_idle(min_sleep: float = 0.02, max_sleep: float = 1.0) -> None:
    """Textual's own takes a process that got no processor for one that has nothing left to do: go on a little."""
    await wait_for_idle(min_sleep, max_sleep)
    for _ in range(_TURNS):
        await asyncio.sleep(0)


for _module in (textual.app, textual.pilot):
    vars(_module)["wait_for_idle"] = _wait_for_idle


@asynccontextmanager
async def running(
    snapshots: Sequence[Snapshot] | None = None,
    *,
    size: tuple[int, int] = (160, 45),
    settings: Settings = SETTINGS,
    live: bool = True,
) -> AsyncIterator[tuple[PerftuiApp, FakeFeed, Pilot[None]]]:
    """The app on these Snapshots, once the last of them is drawn."""
    shown = full_snapshots() if snapshots is None else list(snapshots)
    feed = FakeFeed(shown, live=live, settings=settings)
    app = PerftuiApp(feed, settings)
    async with app.run_test(size=size) as pilot:
        if shown:
            await until(pilot, lambda: app.view is not None and app.view.snapshot.sequence == shown[-1].sequence)
        await pilot.pause()
        yield app, feed, pilot


async def until(pilot: Pilot[Any], condition: Callable[[], bool]) -> None:
    """Let the app work until the condition holds."""
    deadline = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > deadline:
            break
        await pilot.pause()
    else:
        return
    raise AssertionError(f"never came true; the screen is:\n{text(pilot.app)}")


def text(app: Any) -> str:
    """The screen as text, without the blanks at the ends of lines."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips) + "\n"


def check_golden(app: Any, name: str) -> None:
    """Compare with the stored frame; UPDATE_GOLDEN=1 stores it anew."""
    path, shown = GOLDEN / f"{name}.txt", text(app)
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(shown, "utf-8")
    assert shown == path.read_text("utf-8"), f"{path.name} differs; UPDATE_GOLDEN=1 stores the new one"
