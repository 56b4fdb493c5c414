"""Textual's driver, made to survive a terminal that takes nothing any more, or has gone. Not for Windows."""

import os
import signal
from contextlib import suppress

from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from perftui.tui.backlog import Backlog, end_writing
from perftui.tui.terminal import terminal_lost


class GuardedDriver(LinuxDriver):
    """Drops what it writes where the terminal takes nothing or is closed; Textual's full queue would block."""

    _backlog: Backlog | None = None
    """Absent while the screen begins and ends: nothing of that may be lost."""

    def wrote(self, data: str) -> None:
        """Told of what is written."""

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]  # Textual left it out
        if self._writer_thread is not None:
            self._writer_thread._queue.maxsize = 0
        self._backlog = Backlog(self._loop, self._app.refresh)

    def write(self, data: str) -> None:
        thread = self._living_writer()
        if thread is not None and (self._backlog is None or self._backlog.takes(thread._queue)):
            thread.write(data)
            self.wrote(data)

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

    def _living_writer(self) -> WriterThread | None:
        thread = self._writer_thread
        return thread if thread is not None and thread.is_alive() and not terminal_lost.is_set() else None

    def _run_input_thread(self) -> None:
        with suppress(OSError, ValueError):  # the terminal is gone: the watch for it ends the program
            self.run_input_thread()
