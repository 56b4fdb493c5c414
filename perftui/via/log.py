"""Listens to what ssh says: its words, and which forward could not be made and why."""

import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

_MOST_LINES = 30
_MOST_PLACES = 200
_FRESH_S = 30.0
_DEBUG = re.compile(r"debug[123]: (.*)")
_NOISE = re.compile(
    r"OpenSSH_|Authenticated to |Transferred: |Bytes per second: |channel \d+: open failed|mux_client|Authenticator"
)
_WANTED = re.compile(r"Connection to port \S+ forwarding to (\S+) port (\S+) requested")
_OPENED = re.compile(r"channel (\d+): new (?:direct-tcpip|direct-streamlocal)")
_FAILED = re.compile(r"channel (\d+): open failed: (.*)")
_TRANSFERRED = re.compile(r"Transferred: sent (\d+), received (\d+) bytes")


class SshLog:
    """Fed by a thread; asked by any."""

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        self.words: deque[str] = deque(maxlen=_MOST_LINES)
        """The last lines that are for people."""
        self.transferred: tuple[int, int] | None = None
        """Bytes sent and received, once the connection has ended."""
        self._tell = tell
        self._wanted: str | None = None
        self._places: dict[str, str] = {}
        self._refusals: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def quiet(self) -> None:
        """From now on nothing is passed on: the screen belongs to somebody else."""
        self._tell = None

    def listen(self, lines: Iterable[str]) -> None:
        """Read until ssh has ended."""
        for line in lines:
            self.take(line.rstrip("\r\n"))

    def take(self, line: str) -> None:
        debug = _DEBUG.match(line)
        with self._lock:
            self._follow(debug[1] if debug else line)
        if debug or _NOISE.match(line) or not line.strip():
            return
        self.words.append(line)
        if self._tell is not None:
            self._tell(line)

    def refusal(self, place: str) -> str | None:
        """Why the last connection to this place failed over there, where that was lately."""
        with self._lock:
            at, words = self._refusals.get(place, (0.0, ""))
        return words if words and time.monotonic() - at < _FRESH_S else None

    def _follow(self, said: str) -> None:
        if found := _WANTED.match(said):
            self._wanted = found[1] if found[1].startswith("/") else f"{found[1]}:{found[2]}"
        elif (found := _OPENED.match(said)) and self._wanted is not None:
            self._places[found[1]], self._wanted = self._wanted, None
            self._refusals.pop(self._places[found[1]], None)
            while len(self._places) > _MOST_PLACES:
                self._places.pop(next(iter(self._places)))
        elif found := _FAILED.match(said):
            place = self._places.pop(found[1], None)
            if place is not None:
                self._refusals[place] = time.monotonic(), found[2]
        elif found := _TRANSFERRED.match(said):
            self.transferred = int(found[1]), int(found[2])
