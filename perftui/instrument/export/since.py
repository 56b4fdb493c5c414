"""What came since the last export, also when that was another worker's."""

import contextlib
import hashlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from perftui.instrument.export.metrics import Measured
from perftui.instrument.store.cleared import Baseline
from perftui.instrument.store.tally import Tally

if TYPE_CHECKING:
    from perftui.instrument.registry import Registry


class Exported(msgspec.Struct):
    """Totals as they were exported last, by metric and attributes; `at` is Unix time, 0: never."""

    at: float = 0.0
    boot: str = ""
    totals: dict[str, Baseline] = {}


class LastExport:
    """Kept in memory; where workers share a folder, in a file there, so that the next one elected goes on from it."""

    def __init__(self, registry: "Registry", name: str) -> None:
        """`name` tells several exports of one application apart."""
        self._registry = registry
        self._file = f"otlp-{hashlib.blake2b(name.encode(), digest_size=6).hexdigest()}"
        self._kept = Exported()

    def load(self) -> Exported:
        """Nothing, where there is none: then all is new. Raises `OSError` where it cannot be read now."""
        folder = self._registry.workers.folder
        if folder is None:
            return self._kept
        try:
            found = msgspec.msgpack.decode((folder.path / self._file).read_bytes(), type=Exported)
        except (FileNotFoundError, msgspec.MsgspecError):
            return Exported()
        return found if found.boot == folder.boot else Exported()

    def keep(self, metrics: list[Measured], now: float) -> None:
        """After these were taken. Raises `OSError`."""
        folder = self._registry.workers.folder
        totals = {
            _key(metric, point): Baseline.of(tally) for metric in metrics for point, tally in metric.points.items()
        }
        self._kept = Exported(now, "" if folder is None else folder.boot, totals)
        if folder is not None:
            _replace(folder.path / self._file, msgspec.msgpack.encode(self._kept))

    def forget(self) -> None:
        self._kept = Exported()


def differences(metrics: list[Measured], before: Exported) -> list[Measured]:
    """The same metrics with what was added; levels stay as they are."""
    found = []
    for metric in metrics:
        if metric.form == "level":
            found.append(metric)
            continue
        points = {at: _less(tally, before.totals.get(_key(metric, at))) for at, tally in metric.points.items()}
        found.append(metric._replace(points={at: tally for at, tally in points.items() if _has(metric, tally)}))
    return [metric for metric in found if metric.points]


def _has(metric: Measured, tally: Tally) -> bool:
    return bool(tally.counts) if metric.form == "histogram" else tally.counters.get(metric.counter, 0) > 0


def _less(tally: Tally, before: Baseline | None) -> Tally:
    """Where a count fell, the figures began anew, and all of them are new."""
    if before is None:
        return tally
    was = before.tally()
    fell = any(number > tally.counts.get(bucket, 0) for bucket, number in was.counts.items()) or any(
        number > tally.counters.get(name, 0) for name, number in was.counters.items()
    )
    return tally if fell else tally.less(was)


def _key(metric: Measured, point: object) -> str:
    return msgspec.json.encode([metric.name, point]).decode()


def _replace(path: Path, text: bytes) -> None:
    new = path.with_name(f"{path.name}-{os.getpid()}-{time.monotonic_ns()}.new")
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(text)
        new.rename(path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
