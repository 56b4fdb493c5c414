"""Our end of the reaper: it hears of every process, and of our own end by the pipe's."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from perftui.servers import reaper
from perftui.servers.errors import ServerStartFailed


class Reaper:
    """One reaper and the temporary folder (mode 0700) it removes."""

    def __init__(self) -> None:
        script = str(Path(reaper.__file__))
        self._process = subprocess.Popen(  # noqa: S603 - this interpreter
            [sys.executable, "-I", "-S", script],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd="/",
            start_new_session=True,
        )
        self.pid = self._process.pid
        assert self._process.stdout is not None  # noqa: S101 - a pipe was asked for
        with self._process.stdout as answers:
            folder = answers.readline().strip()
        if not folder:
            self._process.communicate()
            raise ServerStartFailed("No temporary folder could be made. Check TMPDIR and the disk's free space.")
        self.folder = Path(folder)

    def watch(self, pid: int) -> None:
        """End this process when we are gone."""
        self._say(f"watch {pid} {reaper.start_time(pid)}")

    def forget(self, pid: int) -> None:
        """This process has ended."""
        self._say(f"forget {pid}")

    def keep(self) -> None:
        """Let everything run on when we are gone, until the reaper gets SIGTERM."""
        self._say("keep")
        # It stays on purpose: no waiting for it, no warning about a child still running.
        self._process.returncode = 0

    def close(self) -> None:
        """Have it clean up, and wait until it has; do it ourselves should somebody have killed it."""
        if self._process.returncode is not None:
            return
        assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
        self._say("end")
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        if self._process.wait() != 0:
            reaper.end_all({}, str(self.folder))

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - a pipe was asked for
        with suppress(BrokenPipeError):
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()
