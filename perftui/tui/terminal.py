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
    from textual.drivers._writer_thread import WriterThread

LAST_RESORT_S = 1.5
"""How long a program without terminal has to end in order."""

SIGNAL_EXITS = {"SIGTERM": 143, "SIGHUP": 129, "SIGINT": 130}


def guarded_driver(count: Callable[[str], None] | None = None) -> "type[Driver] | None":
    """Textual's driver, made to survive the loss of its terminal; `None` where Textual's own choice is kept.

    `count` is told what is written.
    """
    if sys.platform == "win32":
        return None
    from textual.drivers.linux_driver import LinuxDriver

    from perftui.tui.backlog import Backlog, end_writing

    class GuardedDriver(LinuxDriver):
        """Drops what it writes where the terminal takes nothing or is closed; Textual's full queue would block."""

        _backlog: Backlog | None = None
        """Absent while the screen begins and ends: nothing of that may be lost."""

        def start_application_mode(self) -> None:
            super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual left it out
            if self._writer_thread is not None:
                self._writer_thread._queue.maxsize = 0
            self._backlog = Backlog(self._loop, self._app.refresh)

        def write(self, data: str) -> None:
            thread = self._living_writer()
            if thread is not None and (self._backlog is None or self._backlog.takes(thread._queue)):
                thread.write(data)
                if count is not None:
                    count(data)

        def stop_application_mode(self) -> None:
            backlog, self._backlog = self._backlog, None
            if backlog is not None and (thread := self._living_writer()) is not None:
                backlog.clear(thread._queue)
            super().stop_application_mode()

        def close(self) -> None:
            thread = self._living_writer()
            if thread is not None:
                thread._queue.put_nowait(None)
                if not end_writing(thread, self.fileno) and (code := self._app.return_code) is not None:
                    os._exit(code)  # it holds the lock of the terminal's file, so that the interpreter could not end
            for number in (signal.SIGTSTP, signal.SIGCONT):  # Textual's handlers need the screen that has ended
                signal.signal(number, signal.SIG_DFL)

        def _living_writer(self) -> "WriterThread | None":
            thread = self._writer_thread
            return thread if thread is not None and thread.is_alive() and not terminal_lost.is_set() else None

        def _run_input_thread(self) -> None:
            with suppress(OSError, ValueError):  # the terminal is gone: the watch below ends the program
                self.run_input_thread()

    return GuardedDriver


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
