"""Every page on Snapshots whose every figure and text may be anything that the sources let through."""

import random
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from perftui.model.snapshot import Snapshot

sys.path.append(str(Path(__file__).parents[1] / "tui"))

from fakes import full_snapshot
from frames import running, text

NUMBERS = (0, 1, -1, 2**62, -(2**62), 10**12, 7)
FLOATS = (*NUMBERS, 0.5, 5e-324, -0.0, 1e-9, 2.0**62, 999.95, 59.9999, 1e15)
TEXTS = (
    "", " ", "\x1b[2J", "\x1b]0;pwned\x07", "\x00\x07\x08", "\u202eevil\u2066", "[bold]x[/]", "[/red]", "a" * 5_000,
    "\u200b", "日本語" * 40, "\U0001f469\u200d\U0001f4bb", "e\u0301\u0301\u0301", "a\nb\r\nc\td", "\x9b31m",
    "{", '{"a":',
)  # fmt: skip
FIXED = {
    "schema", "kind", "severity", "state", "noise", "format", "budget", "by", "read_from", "flavour", "source",
    "sequence", "id", "target_id", "slot", "interval_s", "window_s", "taken_at",
}  # fmt: skip
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
PAGES = "123456789"
SIZES = [(80, 24), (40, 10), (200, 60)]


def hostile_snapshot(seed: int, sequence: int) -> Snapshot:
    """A full one, a part of its figures and texts replaced, each by one of its kind."""
    document = msgspec.json.decode(full_snapshot(sequence).to_json())
    _spoil(document, random.Random(seed * 1_000 + sequence))
    return msgspec.convert(document, Snapshot)


def _spoil(value: Any, chance: random.Random) -> None:
    for name, part in list(value.items()) if isinstance(value, dict) else list(enumerate(value)):
        if isinstance(part, dict | list):
            _spoil(part, chance)
        elif name not in FIXED and part is not None and not isinstance(part, bool) and chance.random() < 0.4:
            value[name] = chance.choice(
                TEXTS if isinstance(part, str) else NUMBERS if isinstance(part, int) else FLOATS
            )


@pytest.mark.parametrize(("seed", "size"), list(enumerate(SIZES)), ids=[f"{size[0]}x{size[1]}" for size in SIZES])
async def test_every_page(seed: int, size: tuple[int, int]) -> None:
    snapshots = [hostile_snapshot(seed, sequence) for sequence in range(1, 12)]
    async with running(snapshots, size=size) as (app, feed, pilot):
        for sequence, page in enumerate(PAGES, 12):
            await pilot.press(page)
            feed.play(hostile_snapshot(seed, sequence))
            await pilot.pause()
            check(app, page)
            await look_closer(app, pilot)
        await pilot.press("T")
        await pilot.pause()
        check(app, "timeline")
        await pilot.press("h", "h", "N", "q")


async def look_closer(app: Any, pilot: Any) -> None:
    """Other rows, the full text, and the details of each."""
    for key in ("w", "enter", "G", "escape", "w", "tab", "j", "enter", "w", "escape"):
        await pilot.press(key)
        check(app, key)


def check(app: Any, where: str) -> None:
    assert app._exception is None
    found = CONTROLS.search(text(app))
    assert found is None, (where, found)
