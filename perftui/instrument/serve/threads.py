"""Takes connections, each in a daemon thread, a bounded number at a time."""

import selectors
import socket
import threading
import time
from contextlib import suppress

from perftui.instrument.serve.handler import handler_of
from perftui.instrument.serve.service import MetricsService

_MOST_CONNECTIONS = 32
"""Beyond these a connection is closed at once: nobody may take the application's memory by connecting."""

_PAUSE_S = 0.1
_LINGER_S, _LINGER_READS = 0.5, 16
_SELECTOR = getattr(selectors, "PollSelector", selectors.SelectSelector)
"""One without a descriptor, which a forked child would inherit."""


class ConnectionServer:
    """Serves a listening socket, whose owner it becomes."""

    def __init__(self, listener: socket.socket, service: MetricsService) -> None:
        listener.setblocking(False)
        self._listener = listener
        self._handler = handler_of(service)
        self._wake_read, self._wake_write = socket.socketpair()
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()

    def serve_forever(self) -> None:
        """Until `stop` is called."""
        with _SELECTOR() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._wake_read in ready:
                    break
                self._accept()
        self._release()

    def stop(self) -> None:
        """Have the serving thread end, and its connections closed. From any thread."""
        with suppress(OSError):
            self._wake_write.send(b"x")

    def abandon(self) -> None:
        """In a forked child: close what is the parent's, without a word to anybody."""
        self._lock = threading.Lock()
        self._release(ours=False)

    def _accept(self) -> None:
        try:
            connection, address = self._listener.accept()
        except BlockingIOError:  # it was gone again
            return
        except OSError:  # the process has no more descriptors: later it may
            time.sleep(_PAUSE_S)
            return
        with self._lock:
            full = len(self._connections) >= _MOST_CONNECTIONS
            if not full:
                self._connections.add(connection)
        if full:
            connection.close()
            return
        try:
            threading.Thread(target=self._serve, args=(connection, address), daemon=True).start()
        except RuntimeError:  # no more threads
            self._forget(connection)

    def _serve(self, connection: socket.socket, address: object) -> None:
        with suppress(Exception):  # the client went away, or sends nonsense
            connection.setblocking(True)
            self._handler(connection, address, self)
            _let_it_finish(connection)
        self._forget(connection)

    def _forget(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)
        connection.close()

    def _release(self, *, ours: bool = True) -> None:
        with self._lock:
            connections, self._connections = self._connections, set()
        for one in (self._listener, self._wake_read, self._wake_write, *connections):
            if ours and one in connections:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            one.close()


def _let_it_finish(connection: socket.socket) -> None:
    """A client that is cut off while it still sends might not see its answer, so its rest is read away, in bounds."""
    connection.shutdown(socket.SHUT_WR)
    connection.settimeout(_LINGER_S)
    for _ in range(_LINGER_READS):
        if not connection.recv(65536):
            return
