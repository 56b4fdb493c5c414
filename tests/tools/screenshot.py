"""Makes docs/screenshot.svg from the running program on the running demo: `python tests/tools/screenshot.py`."""

import argparse
import asyncio
import re
from pathlib import Path

from msgspec.structs import replace
from textual.pilot import Pilot

from perftui.demo.session import DemoSession
from perftui.model.settings import Settings
from perftui.model.target import Connection
from perftui.monitor.live import Monitor
from perftui.tui.app import PerftuiApp

FILE = Path(__file__).parents[2] / "docs" / "screenshot.svg"
HOST = "web-1"
"""Stands in for the name of the machine that the picture was made on."""
_READINGS = 75
_TIMEOUT_S = 180.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="132x28", help="columns x lines")
    parser.add_argument("--keys", nargs="*", default=[], help="keys pressed before the picture is taken")
    parser.add_argument("--readings", type=int, default=_READINGS, help="how many readings to wait for")
    parser.add_argument("--output", type=Path, default=FILE)
    arguments = parser.parse_args()
    columns, lines = (int(part) for part in arguments.size.split("x"))
    with DemoSession(progress=lambda step, _done: print(step)) as session:
        settings = Settings(connections=tuple(map(_without_host_name, session.connections)), themes_folder="")
        picture = asyncio.run(_picture(settings, (columns, lines), arguments.keys, arguments.readings))
    arguments.output.write_text(picture, "utf-8")
    print(f"{len(picture):,} bytes in {arguments.output}")


def _without_host_name(connection: Connection) -> Connection:
    if connection.target.kind != "host":
        return connection
    return replace(connection, target=replace(connection.target, name=HOST, address=HOST))


async def _picture(settings: Settings, size: tuple[int, int], keys: list[str], readings: int) -> str:
    app = PerftuiApp(Monitor(settings), settings)
    async with app.run_test(size=size) as pilot, asyncio.timeout(_TIMEOUT_S):
        await _wait_for_readings(app, pilot, readings)
        for key in keys:
            await pilot.press(key)
            await pilot.pause(2.0)
        _require_health(app)
        return _plain_fonts(app.export_screenshot(title="perftui demo"))


async def _wait_for_readings(app: PerftuiApp, pilot: Pilot[None], readings: int) -> None:
    while app.latest is None or app.latest.sequence < readings:
        await pilot.pause(0.5)


def _require_health(app: PerftuiApp) -> None:
    failures = [source.failure for state in app.latest.targets for source in state.sources] if app.latest else []
    if any(failures):
        raise SystemExit(f"A source failed, so there is no picture: {failures}")


def _plain_fonts(svg: str) -> str:
    """No fonts from the network: a reader's own monospace font does, and nothing is fetched."""
    svg = re.sub(r"@font-face\s*{[^}]*}", "", svg)
    svg = svg.replace("Fira Code", "DejaVu Sans Mono, Menlo, Consolas")
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


if __name__ == "__main__":
    main()
