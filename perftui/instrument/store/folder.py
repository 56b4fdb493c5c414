"""The folder in which the workers of one application keep their slabs, so that each can serve the figures of all."""

import contextlib
import fcntl
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from perftui.instrument.store.cleared import Cleared
from perftui.instrument.store.exited import Exited
from perftui.instrument.store.locks import hold, let_go
from perftui.instrument.store.slab import SLAB_BYTES

SLAB, SIDE, NEW = ".slab", ".side", ".new"
_ABANDONED_S = 60.0
_GONE = (FileNotFoundError, NotADirectoryError, PermissionError)
"""Any other error, such as that of a process without descriptors, says nothing of the file."""


class State(msgspec.Struct):
    """What outlives a worker. One file, so that a fold and its clears are written at once."""

    exited: Exited
    cleared: Cleared


class OwnSlab(NamedTuple):
    """Descriptors: of the file to write, and of the lock that tells that its writer lives."""

    id: str
    file: int
    lock: int


class SharedFolder:
    """Files of 0600 in a folder of 0700. A slab whose writer lives is locked by it; the lock ends with the process."""

    def __init__(self, path: Path) -> None:
        """Raises `ValueError` in words where the folder cannot be used safely, and `OSError`."""
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        owner = path.stat()
        if owner.st_uid != os.geteuid() or owner.st_mode & 0o022:
            raise ValueError(
                f"{path} must belong to the user that the application runs as, and nobody else may write there"
                " (chmod 700): figures could be forged"
            )
        self.path, self.boot = path, _boot()

    def create_slab(self) -> "OwnSlab":
        """A locked file for this process. It is seen by others only once it is locked and shown."""
        identity = f"{os.getpid()}-{secrets.token_hex(6)}"
        new, held = self.path / f"{identity}{NEW}", list[int]()
        try:
            held.append(hold(new, os.O_CREAT | os.O_EXCL))
            # A descriptor of its own holds the lock: mmap keeps a copy of the other, which a forked child cannot close.
            held.append(hold(new, 0))
            fcntl.flock(held[1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(held[0], SLAB_BYTES)
        except OSError:
            self._drop(new, held)
            raise
        return OwnSlab(identity, *held)

    def drop_slab(self, own: "OwnSlab") -> None:
        """Of one that was not shown: nothing was counted there."""
        self._drop(self.path / f"{own.id}{NEW}", [own.file, own.lock])

    def _drop(self, new: Path, held: list[int]) -> None:
        for file in held:
            let_go(file)
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)

    def show_slab(self, identity: str) -> None:
        """Have the others see it, now that its header is written."""
        (self.path / f"{identity}{NEW}").rename(self.path / f"{identity}{SLAB}")

    def slabs(self) -> list[str]:
        return sorted(file.stem for file in self.path.glob(f"*{SLAB}"))

    def open_slab(self, identity: str) -> int | None:
        """A descriptor for reading; `None` where it is gone or cut short. Raises `OSError` where that is not known."""
        try:
            file = os.open(self.path / f"{identity}{SLAB}", os.O_RDONLY | os.O_CLOEXEC)
        except _GONE:
            return None
        if os.fstat(file).st_size == SLAB_BYTES:
            return file
        os.close(file)
        return None

    def lives(self, identity: str) -> bool:
        """Whether the slab's writer still holds it. Raises as `open_slab` does."""
        file = self.open_slab(identity)
        if file is None:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(file)
        return False

    def remove(self, identity: str) -> None:
        for kind in (SLAB, SIDE):
            (self.path / f"{identity}{kind}").unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what a process left half made."""
        for file in self.path.glob(f"*{NEW}"):
            with contextlib.suppress(OSError):
                if time.time() - file.stat().st_mtime > _ABANDONED_S:
                    file.unlink()

    def publish(self, identity: str, text: bytes) -> None:
        """This worker's samples, for the others to read."""
        self._replace(f"{identity}{SIDE}", text)

    def side(self, identity: str) -> bytes:
        """A worker's samples; empty where there are none."""
        try:
            return (self.path / f"{identity}{SIDE}").read_bytes()
        except OSError:
            return b""

    def state(self) -> State:
        """Read under `shared` or `alone`. Raises `OSError`: to go on with none would forget what was counted."""
        try:
            text = (self.path / "state").read_bytes()
            state = msgspec.msgpack.decode(text, type=State)
        except (*_GONE, msgspec.MsgspecError):
            return State(Exited(self.boot), Cleared())
        return state if state.exited.boot == self.boot else State(Exited(self.boot), Cleared())

    def keep(self, state: State) -> None:
        """Written under `alone`."""
        self._replace("state", msgspec.msgpack.encode(state))

    def shared(self) -> contextlib.AbstractContextManager[None]:
        """Nothing is folded or cleared meanwhile."""
        return self._locked(fcntl.LOCK_SH)

    def alone(self) -> contextlib.AbstractContextManager[None]:
        """For a fold or a clear."""
        return self._locked(fcntl.LOCK_EX)

    def try_to_lead(self) -> int | None:
        """A descriptor that makes this process the elected one for as long as it is open; `None`: another is."""
        file = hold(self.path / "leader.lock", os.O_CREAT)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            let_go(file)
            return None
        return file

    @contextlib.contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        file = hold(self.path / "state.lock", os.O_CREAT)
        try:
            fcntl.flock(file, how)
            yield
        finally:
            let_go(file)

    def _replace(self, name: str, text: bytes) -> None:
        new = self.path / f"{name}-{os.getpid()}-{secrets.token_hex(3)}{NEW}"
        file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(file, "wb") as opened:
                opened.write(text)
            new.rename(self.path / name)
        except OSError:
            new.unlink(missing_ok=True)
            raise


def _boot() -> str:
    """Tells one run of the machine from another: the monotonic clock begins anew with each."""
    try:
        text = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        text = str(round((time.time() - time.monotonic()) / 60))
    return hashlib.blake2b(text.encode(), digest_size=7).hexdigest()
