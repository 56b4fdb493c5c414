"""Opens the socket that a stand-alone server listens on, or says in words why that cannot be."""

import errno
import socket
import stat
from contextlib import suppress
from pathlib import Path

_WAITING = 16
_ASK_S = 1.0


def listen_tcp(host: str, port: int) -> socket.socket:
    """Port 0 lets the system choose. Raises `ValueError` for a port that is none, `OSError` with a sentence."""
    if not 0 <= port <= 65535:
        raise ValueError(f"a port is a number from 0 to 65535, not {port}")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise OSError(error.errno, f"{host!r} is no address of this machine: {error.strerror}") from None
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_WAITING)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, _words(error, host, port)) from None
    return listener


def listen_unix(path: Path) -> socket.socket:
    """Only this user may connect. A socket that a dead process left is replaced. Raises `OSError` with a sentence."""
    _make_room(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
        path.chmod(0o600)  # before it listens, so that nobody else's connection is ever taken
        listener.listen(_WAITING)
    except OSError as error:
        listener.close()
        raise OSError(error.errno, f"cannot listen at {path}: {error.strerror or error}") from None
    return listener


def _make_room(path: Path) -> None:
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise OSError(errno.EEXIST, f"{path} is a file that is no socket, and is left as it is; choose another path")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(_ASK_S)
        try:
            asking.connect(str(path))
        except ConnectionRefusedError:
            with suppress(FileNotFoundError):
                path.unlink()
            return
        except OSError as error:
            raise OSError(error.errno, f"{path} cannot be used: {error.strerror or error}") from None
    raise OSError(errno.EADDRINUSE, f"another process serves at {path}; choose another path")


def _words(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of {host} is in use, by another program or another worker of this one; "
            "choose another, or port=0 for any that is free"
        )
    if error.errno == errno.EACCES:
        return f"port {port} of {host} may not be opened by this user; choose one above 1023"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine"
    return f"cannot listen on port {port} of {host}: {error.strerror or error}"
