"""One run of the ssh process that holds the connection, from its start until it ends."""

import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from perftui.model.text import safe_text
from perftui.via.client import SshClient
from perftui.via.log import SshLog

_STEP_S = 0.02
_ENDS_WITHIN_S = 2.0
# Ends ssh when we are gone without having said so, as after SIGKILL: our end of the pipe is closed then.
_GUARD = 'read -r said && exit 0; kill "$1" 2>/dev/null; rm -rf "$2"'


class Master:
    """Started at once; `interactive`: it may ask on our terminal, which has no screen yet."""

    def __init__(self, client: SshClient, folder: Path, *, interactive: bool) -> None:
        self.control = str(folder / "control")
        self._client = client
        self._closing = threading.Lock()
        with suppress(FileNotFoundError):
            Path(self.control).unlink()
        self.log = SshLog(_say if interactive else None)
        self.process = subprocess.Popen(  # noqa: S603 - our own arguments
            client.master(self.control, interactive=interactive),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=not interactive,  # without a terminal it cannot ask, whatever it is configured to do
        )
        self._guard = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", _GUARD, "sh", str(self.process.pid), str(folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._listening = threading.Thread(target=self.log.listen, args=(self.process.stderr,), daemon=True)
        self._listening.start()

    def wait_until_up(self, timeout_s: float | None, cancelled: threading.Event | None = None) -> bool:
        """True once others can use the connection; false when it ended, or took too long (`None`: somebody types)."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while self.process.poll() is None and not (cancelled and cancelled.is_set()):
            if Path(self.control).is_socket() and self._client.ask(self.control, "-O", "check") is None:
                self.log.quiet()
                return True
            if deadline is not None and time.monotonic() > deadline:
                self.log.words.append("Connection timed out")
                break
            time.sleep(_STEP_S)
        self.close()
        return False

    def has_ended(self, within_s: float) -> bool:
        """Whether it has, or does within this time."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(within_s)
            return True
        return False

    def close(self) -> None:
        """End it; safe to call more than once, and from two threads at once."""
        with self._closing:
            self._close()

    def _close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_ENDS_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._listening.join(_ENDS_WITHIN_S)
        if self.process.stderr is not None and not self._listening.is_alive():
            self.process.stderr.close()
        self._dismiss_guard()

    def _dismiss_guard(self) -> None:
        stdin = self._guard.stdin
        if stdin is not None and not stdin.closed:
            with suppress(OSError):
                stdin.write(b"done\n")
                stdin.flush()
            with suppress(OSError):
                stdin.close()
        self._guard.wait()


def _say(line: str) -> None:
    sys.stderr.write(safe_text(line) + "\n")
