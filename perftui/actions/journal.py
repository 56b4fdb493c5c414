"""What perftui changed on servers, and what came of it: one JSON line each, kept in the user's state folder."""

import errno
import fcntl
import getpass
import os
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from perftui.actions.undo_data import UndoData
from perftui.model.base import Model
from perftui.model.proof import Aftermath
from perftui.model.redaction import redact
from perftui.model.target import Target

OutcomeState = Literal["done", "refused", "failed", "unverified"]


class JournalEntry(Model, frozen=True, kw_only=True):
    """One line: an intent, written before its command runs, its outcome, or what became of it, under the same id."""

    id: str
    phase: Literal["intent", "outcome", "aftermath"]
    at: float
    who: str
    """User and machine."""
    target_id: str
    where: str
    """The target's address, without secrets."""
    action: str
    command: str
    state: OutcomeState | None = None
    message: str | None = None
    undo: UndoData | None = None
    """What its undo needs; that of the outcome, where there is one, is what really was changed."""
    aftermath: Aftermath | None = None
    """What became of one index that it created."""


class Record(Model, frozen=True, kw_only=True):
    """An action as the journal tells it; no outcome: perftui ended before it knew."""

    intent: JournalEntry
    outcome: JournalEntry | None = None
    aftermath: tuple[Aftermath, ...] = ()
    """The newest of each index; what was told once stays told."""

    @property
    def undo(self) -> UndoData | None:
        """What its undo needs; `None`: it has none, or it changed nothing."""
        outcome = self.outcome
        return self.intent.undo if outcome is None or outcome.undo is None else outcome.undo


class Journal:
    """A file of mode 0600 in a folder of mode 0700; several perftui may write to it at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def intend(self, action: str, target: Target, command: str, undo: UndoData | None = None) -> JournalEntry:
        """Write and sync that this command is about to run. Raises `OSError`: then it must not run."""
        entry = JournalEntry(
            id=uuid.uuid4().hex,
            phase="intent",
            at=time.time(),
            who=_who(),
            target_id=target.id,
            where=target.address,
            action=action,
            command=redact(command),
            undo=undo,
        )
        self._append(entry)
        return entry

    def conclude(self, intent: JournalEntry, state: OutcomeState, message: str, undo: UndoData | None = None) -> None:
        """Write and sync what came of it; a later conclusion replaces an earlier one. Raises `OSError`."""
        entry = msgspec.structs.replace(
            intent, phase="outcome", at=time.time(), state=state, message=redact(message), undo=undo or intent.undo
        )
        self._append(entry)

    def remark(self, intent: JournalEntry, aftermath: Aftermath) -> None:
        """Write and sync what became of an index; a later remark on it replaces an earlier one. Raises `OSError`."""
        entry = msgspec.structs.replace(intent, phase="aftermath", at=time.time(), undo=None, aftermath=aftermath)
        self._append(entry)

    def read(self) -> tuple[Record, ...]:
        """All actions, oldest first. Lines that do not parse, such as one torn by a full disk, are left out."""
        intents: dict[str, Record] = {}
        for entry in self._entries():
            if entry.phase == "intent":
                intents[entry.id] = Record(intent=entry)
            elif entry.id not in intents:
                continue
            elif entry.aftermath is not None:
                intents[entry.id] = _remarked(intents[entry.id], entry.aftermath)
            else:
                intents[entry.id] = msgspec.structs.replace(intents[entry.id], outcome=entry)
        return tuple(intents.values())

    def _entries(self) -> Iterator[JournalEntry]:
        try:
            lines = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                yield msgspec.json.decode(line, type=JournalEntry)
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue

    def _append(self, entry: JournalEntry) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            os.fchmod(descriptor, 0o600)
            size = os.fstat(descriptor).st_size
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            line = (b"\n" if torn else b"") + msgspec.json.encode(entry) + b"\n"
            if os.write(descriptor, line) != len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            _sync_folder(self.path.parent)


def _remarked(record: Record, new: Aftermath) -> Record:
    """Told for good is what was told with a conclusion: of too little one may hear more."""
    others = tuple(one for one in record.aftermath if (one.ns, one.index) != (new.ns, new.index))
    old = next((one for one in record.aftermath if one not in others), None)
    told = new.told or (old is not None and old.told and (old.conclusive or not new.conclusive))
    return msgspec.structs.replace(record, aftermath=(*others, msgspec.structs.replace(new, told=told)))


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _who() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def default_journal() -> Journal:
    """The user's own journal, such as `~/.local/state/perftui/journal.jsonl`."""
    from perftui.config.folders import state_folder

    return Journal(state_folder() / "journal.jsonl")
