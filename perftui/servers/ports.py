"""Free ports on the loopback interface."""

import random
import socket

_RANGE = range(20_000, 32_000)
"""Below the ephemeral range, so that no outgoing connection takes a restarting server's port."""
# Tests seed the global generator alike in every worker.
_random = random.SystemRandom()


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now; another may still take it first."""
    for port in _random.sample(_RANGE, len(_RANGE)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("Every port between 20000 and 31999 is taken.")
