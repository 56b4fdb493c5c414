"""`perftui [TARGET ...]`: the live screen."""

import argparse
import os
import sys
from typing import TYPE_CHECKING

from perftui.commands import DONE, add_target_arguments, load_settings
from perftui.commands.restoring import restore_own
from perftui.model.errors import UserError

if TYPE_CHECKING:
    from perftui.model.settings import Settings
    from perftui.monitor.feed import Feed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_target_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    settings = load_settings(arguments)
    require_terminal("perftui snapshot prints one reading without a terminal.")
    return run_monitor(settings)


def require_terminal(instead: str) -> None:
    """Raise `UserError` where there is no terminal to draw on, with what to do instead."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError(f"The monitor needs a terminal on stdin and stdout; {instead}")


def run_monitor(settings: "Settings") -> int:
    """The monitor on these connections, until the user quits."""
    from perftui.monitor.live import Monitor

    return run_feed(Monitor(settings, look_back=True), settings)


def run_feed(feed: "Feed", settings: "Settings") -> int:
    """The screen on any feed, live or replayed; returns the exit code."""
    if os.environ.get("TERM", "dumb") == "dumb":
        os.environ.setdefault("NO_COLOR", "1")
    from perftui.tui.app import PerftuiApp

    app = PerftuiApp(feed, settings)
    try:
        app.run()
    finally:
        restore_own(settings.connections)
    return app.return_code or DONE
