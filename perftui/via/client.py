"""The system's own ssh client: how it is called, and what the user's configuration says of a destination."""

import re
import shutil
import subprocess
from pathlib import Path

from perftui.model.errors import UserError

NOT_REACHED = 3
_DESTINATION = re.compile(
    r"(?:ssh://)?(?:[A-Za-z0-9._+$][A-Za-z0-9._+$\\-]*@)?(?:[A-Za-z0-9_][A-Za-z0-9._%-]*|\[[0-9A-Fa-f:.%]+\]|[0-9A-Fa-f:]{2,})(?::[0-9]{1,5})?"
)
_WITH_PORT = re.compile(r"(?:[^@]+@)?(?:[^@:/\[]+|\[[^\]]+\]):[0-9]{1,5}")
_ANSWER_S = 10.0
_ALIVE_S, _ALIVE_COUNT = 5, 3
# Nobody but us uses this connection: what the user has it open or run besides would only be in the way.
_ONLY_FORWARDING = (
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    "ControlPersist=no",
    "StreamLocalBindUnlink=yes",
    "StreamLocalBindMask=0177",
)


class SshClient:
    """ssh to one destination, with `~/.ssh/config` or another file of that kind."""

    def __init__(self, destination: str, config_file: str | None = None, *, compress: bool = False) -> None:
        if not _DESTINATION.fullmatch(destination):
            raise UserError("--via takes [user@]host[:port] or a Host of your ssh configuration.")
        program = shutil.which("ssh")
        if program is None:
            raise UserError(
                "--via needs the ssh client, which is not installed; install OpenSSH's client.", NOT_REACHED
            )
        if config_file is not None and not Path(config_file).is_file():
            raise UserError(f"The ssh configuration {config_file} is not there.")
        self.name = destination.removeprefix("ssh://")
        # To ssh a port belongs to an address of its own kind only; people write it as everywhere else.
        self.destination = f"ssh://{self.name}" if _WITH_PORT.fullmatch(self.name) else self.name
        self._compress = compress
        self._start = (program, *(("-F", config_file) if config_file else ()))

    def master(self, control: str, *, interactive: bool) -> list[str]:
        """Arguments of the one connection; `interactive`: it may ask on the terminal."""
        options = list(_ONLY_FORWARDING)
        if self._compress:
            options.append("Compression=yes")
        if not interactive:
            options.append("BatchMode=yes")
        if self.configured().get("serveraliveinterval", "0") == "0":
            options += [f"ServerAliveInterval={_ALIVE_S}", f"ServerAliveCountMax={_ALIVE_COUNT}"]
        given = [part for option in options for part in ("-o", option)]
        # -v: only then is it said which forward failed. -a, -x: what runs there gets neither agent nor display.
        return [*self._start, "-M", "-S", control, "-N", "-T", "-a", "-x", "-v", *given, "--", self.destination]

    def through(self, control: str, *arguments: str) -> list[str]:
        """Arguments for a use of the connection behind this socket; it never makes one of its own.

        It reads no configuration: ssh would add, and take back, the user's own forwards with each of ours.
        """
        never = (
            "-o",
            "ControlMaster=no",
            "-o",
            "BatchMode=yes",
            "-o",
            "ProxyCommand=false",
            "-o",
            "RemoteCommand=none",
        )
        return [
            self._start[0],
            "-F",
            "/dev/null",
            "-S",
            control,
            *never,
            "-T",
            "-a",
            "-x",
            *arguments,
            "--",
            self.destination,
        ]

    def ask(self, control: str, *arguments: str) -> str | None:
        """Ask the connection behind this socket; `None`: done, else ssh's words."""
        answer = _run(self.through(control, *arguments))
        return None if answer.returncode == 0 else answer.stderr.strip() or "ssh refused it"

    def configured(self) -> dict[str, str]:
        """What the user's configuration comes to for this destination, by option in lower case; connects nowhere."""
        answer = _run([*self._start, "-G", "--", self.destination])
        if answer.returncode != 0:
            from perftui.via.words import refused

            raise UserError(*refused(self.name, answer.stderr.splitlines()))
        pairs = (line.partition(" ") for line in answer.stdout.splitlines())
        return {name.lower(): value for name, _, value in pairs}

    def own_control(self) -> str | None:
        """The control socket of a connection that the user has open to this destination."""
        path = self.configured().get("controlpath", "none")
        if path == "none" or not Path(path).is_socket() or self.ask(path, "-O", "check") is not None:
            return None
        return path


def _run(command: list[str]) -> "subprocess.CompletedProcess[str]":
    """What takes longer than a use of an open connection ever does is an answer too."""
    try:
        return subprocess.run(  # noqa: S603 - our own arguments
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWER_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 255, "", f"ssh did not answer within {_ANSWER_S:g} s")
