"""Finds the demos that run on this machine, and switches their caches from another terminal."""

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from perftui.demo import CACHES_PATH
from perftui.demo.switches import CachesState
from perftui.model.base import Model
from perftui.model.secret import Secret

if TYPE_CHECKING:
    import httpx

_FILE = "demo.json"
_LOOPBACK = "http://127.0.0.1:"
_LARGEST = 1000
_TIMEOUT_S = 20.0
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Announced(Model, frozen=True, kw_only=True):
    """What a demo leaves in its folder for this user: where it is, and a token that is good for its switches only.

    The folder can be entered by its user alone, and goes when the demo ends.
    """

    url: str
    token: str


class RunningDemo:
    """A demo that answers."""

    def __init__(self, url: str, token: Secret) -> None:
        self.url, self._token = url, token

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def state(self) -> CachesState:
        """Raises `httpx.HTTPError` where it does not answer, or refuses."""
        with self._client() as client:
            return _state(client.get(CACHES_PATH))

    def switch(self, changes: Mapping[str, bool]) -> CachesState:
        """Switch some; returns what is on afterwards. Raises as `state` does."""
        with self._client() as client:
            return _state(client.post(CACHES_PATH, json=dict(changes)))

    def _client(self) -> "httpx.Client":
        import httpx

        headers = {"Authorization": f"Bearer {self._token.reveal()}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=_TIMEOUT_S, trust_env=False)


def announce(folder: Path, url: str, token: Secret) -> None:
    """Let this user's other terminals find the demo."""
    new = folder / f"{_FILE}.new"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(Announced(url=url, token=token.reveal())))
    new.replace(folder / _FILE)


def running_demos() -> list[RunningDemo]:
    """Those of this user that answer, by their ports."""
    import httpx

    found = []
    for demo in _announced():
        try:
            demo.state()
        except (httpx.HTTPError, msgspec.DecodeError):  # its processes were killed, and the folder left
            continue  # another program may have its port
        found.append(demo)
    return sorted(found, key=lambda demo: demo.port)


def _announced() -> Iterator[RunningDemo]:
    for path in Path(tempfile.gettempdir()).glob(f"perftui-*/{_FILE}"):
        try:
            announced = msgspec.json.decode(_own_bytes(path), type=Announced)
        except (OSError, msgspec.DecodeError):
            continue
        if announced.url.startswith(_LOOPBACK) and announced.url.removeprefix(_LOOPBACK).isdecimal():
            yield RunningDemo(announced.url, Secret(announced.token))


def _own_bytes(path: Path) -> bytes:
    """Of a file that this user wrote and nobody else may read; anyone may leave files in the common folder."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
        facts = os.fstat(file.fileno())
        if facts.st_uid != os.geteuid() or facts.st_mode & _OTHERS:
            raise PermissionError(path)
        return file.read(_LARGEST)


def _state(answer: "httpx.Response") -> CachesState:
    return msgspec.json.decode(answer.raise_for_status().content, type=CachesState)
