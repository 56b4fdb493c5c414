"""A terminal that may go away at any moment: the program then ends at once, and never spins or hangs."""

import asyncio
import os
import select
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.driver import Driver

LAST_RESORT_S = 1.5
"""How long a program without terminal has to end in order."""

SIGNAL_EXITS = {"SIGTERM": 143, "SIGHUP": 129, "SIGINT": 130}


def guarded_driver(count: Callable[[str], None] | None = None) -> "type[Driver] | None":
    """Textual's driver, made to survive the loss of its terminal; `None` where Textual's own choice is kept.

    `count` is told what is written.
    """
    if sys.platform == "win32":
        return None
    from perftui.tui.driver import GuardedDriver

    if count is None:
        return GuardedDriver
    return type("CountingDriver", (GuardedDriver,), {"wrote": lambda _driver, data: count(data)})


terminal_lost = threading.Event()
"""Set for good when the terminal has hung up."""


def end_with(loop: asyncio.AbstractEventLoop, leave: Callable[[int], None]) -> Callable[[], None]:
    """Call `leave(exit code)` on SIGTERM, SIGHUP, SIGINT and when the terminal hangs up. Returns what undoes it."""
    taken = []
    for name, code in SIGNAL_EXITS.items():
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, leave, code)
                taken.append(number)
    _watch_terminal(loop, leave)

    def undo() -> None:
        for number in taken:
            loop.remove_signal_handler(number)

    return undo


def _watch_terminal(loop: asyncio.AbstractEventLoop, leave: Callable[[int], None]) -> None:
    if not hasattr(select, "poll") or sys.__stdin__ is None or not sys.__stdin__.isatty():
        return
    arguments: tuple[Any, ...] = (sys.__stdin__.fileno(), loop, leave)
    threading.Thread(target=_wait_for_hangup, args=arguments, name="perftui-terminal", daemon=True).start()


def _wait_for_hangup(fileno: int, loop: asyncio.AbstractEventLoop, leave: Callable[[int], None]) -> None:
    """Sleep until the terminal hangs up; the kernel tells without being asked for input."""
    poller = select.poll()
    poller.register(fileno, 0)
    while not any(flags & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, flags in poller.poll()):
        pass
    terminal_lost.set()
    with suppress(RuntimeError):  # the loop has ended already
        loop.call_soon_threadsafe(leave, SIGNAL_EXITS["SIGHUP"])
    threading.Event().wait(LAST_RESORT_S)
    os._exit(SIGNAL_EXITS["SIGHUP"])
