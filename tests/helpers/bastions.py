"""A real sshd on a free port of the loopback, as an ordinary process with keys and a configuration of its own."""

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from helpers.waiting import wait_until
from perftui.servers.ports import free_port

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
MISSING = "" if SSHD and shutil.which("ssh") else "OpenSSH's sshd and ssh are not installed"
_SEPARATION = Path("/run/sshd")


class TestBastion:
    """`ssh -F self.ssh_config bastion` reaches it. `options` are lines of its sshd_config."""

    __test__ = False

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.options = list(options)
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()  # none that an outgoing connection may take while sshd is stopped
        self.ssh_config = folder / "ssh_config"
        self.known_hosts = folder / "known_hosts"
        self.log_file = folder / "sshd.log"
        self.identity = folder / "id"
        self._host_key = folder / "host_key"
        self._server: subprocess.Popen[bytes] | None = None
        for key in (self.identity, self._host_key):
            _make_key(key)
        (folder / "authorized_keys").write_text(self.identity.with_suffix(".pub").read_text())
        self.trust()
        self.write_ssh_config()

    def trust(self) -> None:
        """Have its host key known."""
        kind, key = self._host_key.with_suffix(".pub").read_text().split()[:2]
        self.known_hosts.write_text(f"[127.0.0.1]:{self.port} {kind} {key}\n")

    def change_host_key(self) -> None:
        """As after an attack, or a new installation."""
        for file in (self._host_key, self._host_key.with_suffix(".pub")):
            file.unlink()
        _make_key(self._host_key)

    def write_ssh_config(self, *lines: str) -> None:
        settings = [
            "Host bastion",
            "HostName 127.0.0.1",
            f"Port {self.port}",
            f"User {getpass.getuser()}",
            f"IdentityFile {self.identity}",
            "IdentitiesOnly yes",
            "IdentityAgent none",
            "GlobalKnownHostsFile /dev/null",
            f"UserKnownHostsFile {self.known_hosts}",
            *lines,
        ]
        self.ssh_config.write_text("\n  ".join(settings) + "\n")

    def start(self) -> None:
        """Start sshd; wait until it listens."""
        if os.getuid() == 0:
            _SEPARATION.mkdir(mode=0o755, exist_ok=True)  # sshd wants it to be there when root starts it
        config = self.folder / "sshd_config"
        config.write_text(
            "\n".join(
                [
                    f"Port {self.port}",
                    "ListenAddress 127.0.0.1",
                    f"HostKey {self._host_key}",
                    f"AuthorizedKeysFile {self.folder / 'authorized_keys'}",
                    f"PidFile {self.folder / 'sshd.pid'}",
                    "StrictModes no",
                    "UsePAM no",
                    "PasswordAuthentication no",
                    "KbdInteractiveAuthentication no",
                    "MaxStartups 100",
                    "LogLevel VERBOSE",
                    *self.options,
                ]
            )
            + "\n"
        )
        with self.log_file.open("ab") as log:
            self._server = subprocess.Popen(
                [str(SSHD), "-D", "-e", "-f", str(config)], stderr=log, start_new_session=True
            )
        wait_until(self._listens)

    def stop(self) -> None:
        """End it with every connection it has."""
        server, self._server = self._server, None
        if server is not None:
            for pid in [*_children(server.pid), server.pid]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGTERM)
            server.wait(60)

    def suspend(self) -> None:
        """Nobody can log in until `resume`; connections that there are go on."""
        assert self._server is not None
        self._server.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, self._server.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def resume(self) -> None:
        assert self._server is not None
        self._server.send_signal(signal.SIGCONT)

    def connections(self) -> int:
        """How many logins it has accepted in all."""
        return len(re.findall(r"^Accepted publickey for ", self.log_file.read_text(errors="replace"), re.MULTILINE))

    def _listens(self) -> bool:
        assert self._server is not None
        assert self._server.poll() is None, self.log_file.read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()


def ssh_processes(folder: Path) -> list[int]:
    """The ssh clients that were started with a configuration of this folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                arguments = (entry / "cmdline").read_bytes().split(b"\0")
                if Path(os.fsdecode(arguments[0])).name == "ssh" and str(folder).encode() in b" ".join(arguments):
                    found.append(int(entry.name))
    return found


def _children(pid: int) -> list[int]:
    import psutil

    with suppress(psutil.Error):
        return [child.pid for child in psutil.Process(pid).children(recursive=True)]
    return []


def _make_key(path: Path) -> None:
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
    subprocess.run(command, check=True, timeout=30, stdin=subprocess.DEVNULL)
