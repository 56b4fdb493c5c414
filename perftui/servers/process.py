"""One process of ours in its own session, so that Ctrl-C in the terminal reaches us and not it."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from perftui.servers.reaper import MARKER
from perftui.servers.supervision import Reaper

_LOG_TAIL_BYTES = 16_384


class ManagedProcess:
    """A started program, its folder and its log. `kill` is -9, `stop` is -15 and then -9."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        reaper: Reaper,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.folder = folder
        self.log_path = folder / f"{name}.log"
        self._environment = dict(os.environ if environment is None else environment)
        self._environment[MARKER] = str(reaper.folder)
        self._reaper = reaper
        self._process = self._spawn()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """As `Popen.returncode`: negative for a signal, `None` while it runs."""
        return self._process.poll()

    def wait(self, timeout_s: float | None = None) -> int:
        """Its exit code; raises `subprocess.TimeoutExpired`."""
        return self._process.wait(timeout_s)

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self._process.kill()
        self._ended()

    def stop(self, timeout_s: float = 20.0) -> None:
        """Ask it to end; kill it when it does not in time."""
        self.resume()
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout_s)
        self.kill()

    def suspend(self) -> None:
        """Freeze it: its port stays open and nobody answers, from the moment this returns."""
        self._process.send_signal(signal.SIGSTOP)
        if self.running:
            # The signal reaches one thread after the other, and an answer may still leave meanwhile.
            os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        """Let a suspended process go on."""
        self._process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop it if it runs, and start it again as before."""
        self.stop()
        self._process = self._spawn()

    def last_words(self, lines: int = 3) -> str:
        """The end of its log, for a message about its death."""
        try:
            with self.log_path.open("rb") as log:
                log.seek(max(0, self.log_path.stat().st_size - _LOG_TAIL_BYTES))
                text = log.read().decode("utf-8", "replace")
        except OSError:
            return ""
        return "\n".join(text.strip().splitlines()[-lines:])

    def log_since_start(self) -> bytes:
        """What it said since it was last started."""
        with self.log_path.open("rb") as log:
            log.seek(self._log_start)
            return log.read()

    def keep(self) -> None:
        """It stays when we end: no warning about a child still running."""
        self._process.returncode = 0

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log_path.open("ab") as log:
            self._log_start = log.tell()
            process = subprocess.Popen(  # noqa: S603 - whatever our caller names
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=self._environment,
                start_new_session=True,
            )
        self._reaper.watch(process.pid)
        return process

    def _ended(self) -> None:
        self._process.wait()
        self._reaper.forget(self._process.pid)
