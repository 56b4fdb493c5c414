"""`perftui demo`: real servers, a real application and its load, and the monitor on all of it."""

import argparse
import asyncio
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from msgspec.structs import replace

from perftui.commands import UNREACHABLE, load_settings, say
from perftui.model.errors import UserError
from perftui.model.settings import Settings
from perftui.model.snapshot import Snapshot

if TYPE_CHECKING:
    from perftui.demo.session import DemoSession

_LARGEST_RATE = 10_000.0
_FEWEST_DOCUMENTS, _MOST_DOCUMENTS = 100, 10_000_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep", action="store_true", help="leave everything running at the end and say how to stop it"
    )
    parser.add_argument("--port", type=_port, metavar="PORT", help="port of the application (default: a free one)")
    parser.add_argument(
        "--rate", type=_number(0.1, _LARGEST_RATE), metavar="N", help="requests a second to the application"
    )
    parser.add_argument("--documents", type=_documents, metavar="N", help="how many documents to insert")
    parser.add_argument(
        "--headless",
        type=_number(1, 86_400),
        metavar="SECONDS",
        help="no screen: watch this long, then print a snapshot on stdout",
    )
    parser.add_argument("--json", action="store_true", help="with --headless: the snapshot as JSON")


def run(arguments: argparse.Namespace) -> int:
    from perftui.commands.monitor import require_terminal
    from perftui.demo.session import DemoOptions, DemoSession
    from perftui.servers import ServerBinaryMissing, ServerStartFailed

    if arguments.json and arguments.headless is None:
        raise UserError("--json needs --headless SECONDS: the screen is not JSON.")
    if arguments.headless is None:
        require_terminal("perftui demo --headless 10 prints one snapshot without a terminal.")
    _require_packages()
    settings = _settings(arguments)
    given = {"rate_per_s": arguments.rate, "port": arguments.port, "documents": arguments.documents}
    options = DemoOptions(**{name: value for name, value in given.items() if value is not None})
    try:
        with DemoSession(options, _Progress()) as session:
            code = _watch(arguments, replace(settings, connections=session.connections))
            if arguments.keep:
                _keep(session)
            return code
    except (ServerBinaryMissing, ServerStartFailed) as error:
        raise UserError(str(error), UNREACHABLE) from None


def _require_packages() -> None:
    missing = [name for name in ("starlette", "uvicorn") if find_spec(name) is None]
    if missing:
        raise UserError(f"The demo needs {' and '.join(missing)}. Run: pip install 'perftui[demo]'.", UNREACHABLE)


def _settings(arguments: argparse.Namespace) -> Settings:
    """Read before anything starts: a mistake in the settings file must not cost a set-up first."""
    return load_settings(arguments, with_targets=False)


def _watch(arguments: argparse.Namespace, settings: Settings) -> int:
    if arguments.headless is None:
        from perftui.commands.monitor import run_monitor

        return run_monitor(settings)
    from perftui.commands.snapshot import print_snapshot

    snapshot = asyncio.run(_last_snapshot(settings, arguments.headless))
    return print_snapshot(snapshot, as_json=arguments.json, utc=settings.utc)


async def _last_snapshot(settings: Settings, seconds: float) -> Snapshot:
    """Monitor for so long, as the screen would, and give what it would show last."""
    from perftui.monitor.live import Monitor

    monitor = Monitor(settings)
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await monitor.run(lambda _snapshot: None)
    return monitor.snapshot_now()


def _keep(session: "DemoSession") -> None:
    pid = session.keep()
    say("The demo keeps running. Look at it again: perftui " + " ".join(session.uris))
    say(f"Stop it and remove its files: kill {pid}")


class _Progress:
    """One line on stderr that fills up on a terminal, one line a step elsewhere."""

    def __init__(self) -> None:
        self._step = ""
        self._live = sys.stderr.isatty()
        self._started = time.monotonic()

    def __call__(self, step: str, done: float) -> None:
        if self._live:
            share = f" {done:4.0%}" if 0 < done < 1 else ""
            end = "" if done < 1 else "\n"
            print(f"\r\x1b[K{step}{share}{self._time(step)}", end=end, file=sys.stderr, flush=True)
        elif step != self._step:
            say(step + self._time(step))
        self._step = step

    def _time(self, step: str) -> str:
        return f" after {time.monotonic() - self._started:.1f} s" if step == "Ready" else ""


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65_536:
        raise argparse.ArgumentTypeError("must be a port, 1 to 65535")
    return int(text)


def _documents(text: str) -> int:
    if not text.isdecimal() or not _FEWEST_DOCUMENTS <= int(text) <= _MOST_DOCUMENTS:
        raise argparse.ArgumentTypeError(f"must be a whole number, {_FEWEST_DOCUMENTS} to {_MOST_DOCUMENTS}")
    return int(text)


def _number(least: float, most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"must be a number, {least:g} to {most:g}")
        return value

    return read
