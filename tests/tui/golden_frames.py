"""Whole screens as text, held against files in `frames/`.

`UPDATE_FRAMES=1 pytest tests/tui` writes them anew: read the difference before it is committed.
"""

import os
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot

FOLDER = Path(__file__).parent / "frames"
_UPDATE = os.environ.get("UPDATE_FRAMES") == "1"


def screen_text(app: App[Any]) -> str:
    """What the screen shows, without trailing blanks."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips) + "\n"


def hold(app: App[Any], name: str) -> None:
    """The screen is as it was when somebody last looked at it."""
    path, seen = FOLDER / f"{name}.txt", screen_text(app)
    if _UPDATE:
        FOLDER.mkdir(exist_ok=True)
        path.write_text(seen, encoding="utf-8")
    assert path.exists(), f"no frame {name}: make it with UPDATE_FRAMES=1"
    assert seen == path.read_text(encoding="utf-8")


async def settle(pilot: Pilot[Any], condition: Any) -> None:
    """Let messages flow until a condition holds."""
    for _ in range(500):
        await pilot.pause()
        if condition():
            return
    raise AssertionError(f"never true: {condition}")
