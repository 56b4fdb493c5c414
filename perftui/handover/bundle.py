"""A bundle: a recording for colleagues, without values, hosts and users."""

from pathlib import Path
from types import TracebackType
from typing import Self

from perftui.handover.redactor import Redactor
from perftui.model.snapshot import Snapshot
from perftui.monitor.recording import Recorder

LAST_S = 900.0
"""How far back a bundle reaches where nothing else is asked for."""


class BundleWriter:
    """Takes Snapshots in their order. Raises `RecordingError` where the file cannot be written."""

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self._redactor = Redactor()
        self._recorder = Recorder(path, overwrite=overwrite, redacted=True)
        self.path = path

    @property
    def frames(self) -> int:
        return self._recorder.frames

    @property
    def written_bytes(self) -> int:
        return self._recorder.written_bytes

    @property
    def hidden(self) -> int:
        """Hosts, users, keys and their like that have a pseudonym."""
        return len(self._redactor.names.given)

    def add(self, snapshot: Snapshot) -> None:
        """Redact a Snapshot and write it."""
        self._recorder.add(self._redactor.snapshot(snapshot))

    def close(self) -> None:
        self._recorder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._recorder.__exit__(kind, error, trace)
