"""What the two kinds of server have in common: a port, arguments, and being ready."""

import time
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from perftui.servers.errors import PortTaken, ServerStartFailed
from perftui.servers.process import ManagedProcess
from perftui.servers.supervision import Reaper

_START_TIMEOUT_S = 60.0
_PROBE_INTERVAL_S = 0.02


class ServerProcess(ManagedProcess):
    """A server on 127.0.0.1 that is ready when its constructor returns."""

    ready_words: ClassVar[bytes]
    """What its log says once it listens."""

    def __init__(
        self,
        name: str,
        binary: Path,
        folder: Path,
        reaper: Reaper,
        *,
        port: int,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.binary = binary
        self.port = port
        self.arguments = tuple(arguments)
        folder.mkdir(mode=0o700, exist_ok=True)
        super().__init__(name, self._command(folder), folder, reaper, environment)
        self.wait_ready()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def restart(self, arguments: Sequence[str] | None = None) -> None:
        """Stop it if it runs and start it on the same port and data, with other arguments when given."""
        self.arguments = self.arguments if arguments is None else tuple(arguments)
        self.command = self._command(self.folder)
        super().restart()
        self.wait_ready()

    def wait_ready(self, timeout_s: float = _START_TIMEOUT_S) -> None:
        """Return once it answers; raises `ServerStartFailed` with its last words."""
        deadline = time.monotonic() + timeout_s
        while self.running and time.monotonic() < deadline:
            # Whoever answers might be somebody else on our port: our own log must say so too.
            if self.ready_words in self.log_since_start() and self._answers():
                return
            time.sleep(_PROBE_INTERVAL_S)
        state = f"did not answer within {timeout_s:.0f} s" if self.running else f"ended with {self.exit_code}"
        self.kill()
        words = self.last_words()
        kind = PortTaken if b"already in use" in self.log_since_start() else ServerStartFailed
        raise kind(f"{self.name} on port {self.port} {state}. Its log ends with: {words}")

    @abstractmethod
    def _command(self, folder: Path) -> list[str]:
        """The whole command line."""

    @abstractmethod
    def _answers(self) -> bool:
        """One cheap try to speak with it."""
