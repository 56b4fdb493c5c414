"""One warming, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass, field

Progress = Callable[[int, int], None]
"""Hears how many keys are done, of how many."""


@dataclass(frozen=True, kw_only=True)
class WarmReport:
    """What came of a warming.

    >>> from perftui import WarmReport
    >>> report = WarmReport(keys=3, stored=2, missing=("c",))
    >>> report.stored + len(report.missing) == report.keys
    True
    """

    keys: int
    """Different keys asked for."""
    stored: int = 0
    missing: tuple[str, ...] = ()
    """Keys that the loader had nothing for."""
    failed: dict[str, str] = field(default_factory=dict)
    """Keys that still failed at the last try, and why."""
    retries: int = 0
    seconds: float = 0.0


class WarmRun:
    """One warming under way."""

    def __init__(self, keys: list[str], progress: Progress | None) -> None:
        self.keys = keys
        self.retries = self._done = self._stored = 0
        self._missing: list[str] = []
        self._failed: dict[str, str] = {}
        self._finished: set[str] = set()
        self._progress = progress

    def is_finished(self, key: str) -> bool:
        return key in self._finished

    def finish(self, key: str, outcome: str, why: str = "") -> None:
        self._done += 1
        self._finished.add(key)
        if outcome == "stored":
            self._stored += 1
        elif outcome == "missing":
            self._missing.append(key)
        else:
            self._failed[key] = why
        if self._progress is not None:
            self._progress(self._done, len(self.keys))

    def report(self, seconds: float) -> WarmReport:
        return WarmReport(
            keys=len(self.keys),
            stored=self._stored,
            missing=tuple(self._missing),
            failed=self._failed,
            retries=self.retries,
            seconds=seconds,
        )
