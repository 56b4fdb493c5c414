"""What systemd is told, where it started us with Type=notify: ready, still alive, ending. Elsewhere nothing."""

import contextlib
import os
import socket
import time


class Service:
    """Reads `NOTIFY_SOCKET` and `WATCHDOG_USEC`, and takes them out of the environment of what we start."""

    def __init__(self) -> None:
        self._address = os.environ.pop("NOTIFY_SOCKET", "")
        microseconds = os.environ.pop("WATCHDOG_USEC", "")
        watched = os.environ.pop("WATCHDOG_PID", "") in ("", str(os.getpid()))
        self._every_s = int(microseconds) / 2e6 if microseconds.isdecimal() and watched else None
        self._told_at = 0.0

    def ready(self, status: str) -> None:
        self._send(f"READY=1\nSTATUS={status}")

    def alive(self) -> None:
        """Called with every Snapshot; sent twice in the watchdog's time."""
        now = time.monotonic()
        if self._every_s is not None and now - self._told_at >= self._every_s / 2:
            self._told_at = now
            self._send("WATCHDOG=1")

    def status(self, status: str) -> None:
        self._send(f"STATUS={status}")

    def stopping(self) -> None:
        self._send("STOPPING=1")

    def _send(self, text: str) -> None:
        if not self._address:
            return
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
            telling.setblocking(False)
            telling.sendto(text.encode(), address)
