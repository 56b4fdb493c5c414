"""A real mongod that keeps diagnostic data, several chunks of it within seconds."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from helpers.waiting import wait_until
from perftui.servers import MongodProcess, PrivateServers
from perftui.sources.mongodb.diagnostic.files import find_chunks

PERIOD_MS, CHUNK, INTERIM = 100, 30, 5
FEWEST_INSERTS = 200


def keep_diagnostic_data(mongod: MongodProcess) -> Path:
    """Have the server keep it from now on, ten samples a second; the folder."""
    with mongod.client() as client:
        client.admin.command(
            {
                "setParameter": 1,
                "diagnosticDataCollectionPeriodMillis": PERIOD_MS,
                "diagnosticDataCollectionSamplesPerChunk": CHUNK,
                "diagnosticDataCollectionSamplesPerInterimUpdate": INTERIM,
                "diagnosticDataCollectionEnabled": True,
            }
        )
        options = client.admin.command("getCmdLineOpts")
    return Path(options["parsed"]["storage"]["dbPath"]) / "diagnostic.data"


@contextmanager
def diagnosed(seconds: float = 8.0) -> Iterator[tuple[MongodProcess, Path]]:
    """The server after some seconds of inserts, with at least three whole chunks: an interim one comes and goes."""
    with PrivateServers() as servers:
        mongod = servers.start_mongod(replica_set="rs0")
        folder = keep_diagnostic_data(mongod)
        with mongod.client() as client:
            until, inserted = time.monotonic() + seconds, 0
            while time.monotonic() < until or inserted < FEWEST_INSERTS:
                client.shop.items.insert_one({"number": 1})
                inserted += 1
                time.sleep(0.01)
        wait_until(lambda: whole_chunks(folder) >= 3)
        yield mongod, folder


def whole_chunks(folder: Path) -> int:
    return sum(len(find_chunks(file).chunks) for file in folder.glob("metrics.2*"))


def size_of(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.glob("metrics.2*")) if folder.is_dir() else 0


def copied(folder: Path, place: Path) -> Path:
    """A copy of it; the server takes files away every few seconds, also while one copies."""

    def copy() -> Path | None:
        shutil.rmtree(place, ignore_errors=True)
        try:
            return shutil.copytree(folder, place)
        except (shutil.Error, FileNotFoundError):
            return None

    return wait_until(copy)


def now_of(mongod: MongodProcess) -> Mapping[str, Any]:
    """The newest sample as the server itself tells it."""
    with mongod.client() as client:
        found: Mapping[str, Any] = client.admin.command("getDiagnosticData")["data"]
    return found
