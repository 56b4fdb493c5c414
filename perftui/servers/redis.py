"""A private Redis or Valkey."""

import socket
from pathlib import Path

from perftui.servers.server import ServerProcess


class RedisProcess(ServerProcess):
    """Keeps nothing on disk unless its arguments ask for it."""

    ready_words = b"Ready to accept connections"

    @property
    def uri(self) -> str:
        return f"redis://{self.address}/0"

    def _command(self, folder: Path) -> list[str]:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(folder)]
        return [str(self.binary), *options, "--save", "", "--appendonly", "no", "--daemonize", "no", *self.arguments]

    def _answers(self) -> bool:
        # Refused for want of a password or a right is an answer too.
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1.0) as connection:
                connection.sendall(b"PING\r\n")
                answer = connection.recv(64)
        except OSError:
            return False
        return answer.startswith((b"+", b"-")) and not answer.startswith(b"-LOADING")
