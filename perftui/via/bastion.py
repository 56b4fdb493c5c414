"""The way through one bastion: its connection, the sockets that lead through it, and its restoring."""

import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from shutil import rmtree

from perftui.model.errors import UserError
from perftui.model.sample import Failure
from perftui.via import words
from perftui.via.client import SshClient
from perftui.via.master import Master

_RESTORED_WITHIN_S = 30.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _REFUSED_PAUSE_S = 1.0, 30.0, 300.0
_NOTICED_WITHIN_S = 0.02
_LONGEST_FOLDER = 60
"""A socket's path has at most 104 characters, and ssh adds some while it makes one."""


class Bastion:
    """Opened before the screen starts, closed after it has ended. Its methods may be called from any thread."""

    def __init__(self, client: SshClient, *, borrow: bool = True) -> None:
        self._client = client
        self._borrow = borrow
        self.name = client.name
        self._folder = _own_folder()
        self._master: Master | None = None
        self._control: str | None = None
        self._borrowed: socket.socket | None = None
        self._sockets: dict[str, str] = {}
        self._unmade: dict[str, str] = {}
        self._failure: Failure | None = None
        self._refused = False
        self._closing = threading.Event()
        self._lock = threading.RLock()
        self._watch: threading.Thread | None = None

    def open(self, *, interactive: bool) -> None:
        """Connect, asking on the terminal where it must. Raises `UserError` with ssh's own words."""
        if self._use_own_connection():
            self._master = None
        else:
            master = self._master = Master(self._client, self._folder, interactive=interactive)
            if not master.wait_until_up(None if interactive else _RESTORED_WITHIN_S):
                raise UserError(*words.refused(self.name, master.log.words))
            self._control = master.control
        self._watch = threading.Thread(target=self._watch_for_ever, name=f"perftui-via-{self.name}", daemon=True)
        self._watch.start()

    @property
    def is_borrowed(self) -> bool:
        """It goes through a connection that the user had open already."""
        return self._borrowed is not None

    def socket_to(self, place: str) -> str:
        """Path of the socket here that leads to `place`; see `perftui.model.way`."""
        with self._lock:
            if place not in self._sockets:
                self._sockets[place] = str(self._folder / f"{len(self._sockets)}.sock")
                self._forward(place)
            elif place in self._unmade:
                self._forward(place)
            return self._sockets[place]

    def trouble(self, place: str) -> Failure | None:
        if self._failure is not None:
            return self._failure
        if (said := self._unmade.get(place)) is not None:
            return words.closed_on_the_way(self.name, place, said)
        master = self._master
        if master is None:
            return None
        said = master.log.refusal(place)
        # The targets' connections end a moment before ssh itself does, and before its words are read.
        ended = said is None and master.has_ended(_NOTICED_WITHIN_S)
        if (said := said or master.log.refusal(place)) is not None:
            return words.closed_on_the_way(self.name, place, said)
        return self._failure or words.down(self.name, list(master.log.words)) if ended else None

    def received_bytes(self) -> int | None:
        """By what ssh has read, which is nearly all from the link; only Linux tells it, and of one's own ssh."""
        if self._master is None:
            return None
        try:
            lines = Path(f"/proc/{self._master.process.pid}/io").read_text("ascii").splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("rchar:"))
        except (OSError, StopIteration):
            return None

    def command(self, remote: str) -> tuple[str, ...]:
        program = self._client.through(self._control or str(self._folder / "control"))
        return (*program, remote)

    def close(self) -> None:
        """End what was started, take back what was added to the user's own connection. Safe more than once."""
        self._closing.set()
        with self._lock:
            borrowed, self._borrowed = self._borrowed, None
            if borrowed is not None:
                for place, path in self._sockets.items():
                    self._client.ask(self._control or "none", "-O", "cancel", "-L", _forward_of(path, place))
                with suppress(OSError):
                    borrowed.shutdown(socket.SHUT_RDWR)
                borrowed.close()
            self._control = None
        if self._master is not None:
            self._master.close()
        if self._watch is not None:
            self._watch.join(2.0)
        rmtree(self._folder, ignore_errors=True)

    def _use_own_connection(self) -> bool:
        """A connection that the user has open is used as it is: it may have cost a second factor."""
        control = self._client.own_control() if self._borrow else None
        if control is None:
            return False
        held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            held.connect(control)
        except OSError:
            held.close()
            return False
        self._borrowed, self._control = held, control
        return True

    def _forward(self, place: str) -> None:
        if self._control is None:
            return
        said = self._client.ask(self._control, "-O", "forward", "-L", _forward_of(self._sockets[place], place))
        if said is None:
            self._unmade.pop(place, None)
        else:
            self._unmade[place] = said

    def _watch_for_ever(self) -> None:
        while not self._closing.is_set():
            self._wait_for_end()
            if not self._closing.is_set():
                self._lose()
                self._restore()
        if self._master is not None:  # it may have come up while the end was asked for
            self._master.close()

    def _wait_for_end(self) -> None:
        """Sleep until the connection is gone."""
        if self._borrowed is not None:
            with suppress(OSError):
                while self._borrowed.recv(4096):
                    pass
        elif self._master is not None:
            self._master.process.wait()

    def _lose(self) -> None:
        said = self._master.log.words if self._master is not None else ["the connection that was open has ended"]
        with self._lock:
            self._failure = words.down(self.name, list(said))
            self._control = None
            borrowed, self._borrowed = self._borrowed, None
        if borrowed is not None:
            borrowed.close()
        if self._master is not None:
            self._master.close()

    def _restore(self) -> None:
        pause_s, self._refused = _FIRST_PAUSE_S, False
        while not self._closing.wait(_REFUSED_PAUSE_S if self._refused else pause_s):
            pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            try:
                self._connect_again()
            except (OSError, UserError):
                continue
            if self._control is not None:
                return

    def _connect_again(self) -> None:
        if not self._use_own_connection():
            master = Master(self._client, self._folder, interactive=False)
            self._master = master
            if not master.wait_until_up(_RESTORED_WITHIN_S, self._closing):
                said = list(master.log.words)
                self._failure = words.down(self.name, said)
                self._refused = words.is_refused(" ".join(said))
                return
            self._control = master.control
        with self._lock:
            for place, path in self._sockets.items():
                Path(path).unlink(missing_ok=True)  # of the connection that ended: another's ssh would not replace it
                self._forward(place)
            self._failure = None


def _forward_of(path: str, place: str) -> str:
    return f"{path}:{place}"


def _own_folder() -> Path:
    """Only this user may enter it."""
    folder = tempfile.mkdtemp(prefix="perftui-")
    if len(folder) > _LONGEST_FOLDER and Path("/tmp").is_dir():  # noqa: S108 - mkdtemp makes it private
        Path(folder).rmdir()
        folder = tempfile.mkdtemp(prefix="perftui-", dir="/tmp")
    return Path(folder)
