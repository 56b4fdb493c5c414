"""Keeps what does not change between runs in a temporary folder: truths, facts, and trials of the same advice."""

import hashlib
import os
import pickle
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import bson

from .workload import Built

_HERE = Path(__file__).parent
_JUDGES = (
    "fields.py",
    "candidates.py",
    "cost.py",
    "lab.py",
    "probe.py",
    "truth.py",
    "cover.py",
    "trial.py",
    "workload.py",
)
# Read once: a run that goes on while these files change must not keep its truths under their new names.
_RULES = b"2" + b"".join((_HERE / name).read_bytes() for name in _JUDGES)
T = TypeVar("T")


class Cache:
    """Under names that hold a digest of all that the value depends on."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(tempfile.gettempdir()) / f"perftui-advice-benchmark-{os.getuid()}"
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def get(self, name: str, make: Callable[[], T]) -> T:
        path = self.folder / (hashlib.blake2b(name.encode(), digest_size=20).hexdigest() + ".pickle")
        if path.exists():
            found: T = pickle.loads(path.read_bytes())
            return found
        value = make()
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(pickle.dumps(value))
        partial.replace(path)
        return value


def key_of(built: Built) -> str:
    """The same for the same documents, commands, indexes and rules of judgement."""
    digest = hashlib.blake2b(_RULES, digest_size=20)
    for collection, documents in built.collections.items():
        digest.update(collection.encode())
        for document in documents:
            digest.update(bson.encode(document))
    rest: dict[str, Any] = {
        "shapes": [[shape.name, shape.executions, list(shape.commands)] for shape in built.shapes],
        "indexes": repr(built.indexes),
        "inserted": dict(built.inserted),
    }
    digest.update(bson.encode(rest))
    return f"{built.name} {digest.hexdigest()}"
