"""Fills the demo's own mongod, and makes it profile every query."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from typing import TYPE_CHECKING, Any

from perftui.demo.documents import Document, prompts, users

if TYPE_CHECKING:
    from pymongo import MongoClient
    from pymongo.database import Database

DATABASE = "library"
_BATCH = 2_500
_PROMPTS_SHARE = 5 / 7
_PROFILE_BYTES = 16 * 1024 * 1024
_Maker = Callable[..., Iterator[Document]]
# The driver encodes while the server stores: two batches at a time keep both busy.
_THREADS = 2


def prompt_count(documents: int) -> int:
    """How many of all documents are prompts; the others are users."""
    return round(documents * _PROMPTS_SHARE)


def seed_documents(
    client: "MongoClient[Document]", documents: int, *, seed: int, now: datetime, progress: Callable[[float], None]
) -> None:
    """Insert prompts and users without any index but `_id`; `progress` hears the share done, 0 to 1."""
    database = _unsafe_but_fast(client)
    cancelled = threading.Event()

    def insert(collection: str, maker: _Maker, first: int, count: int) -> int:
        if not cancelled.is_set():
            batch = list(maker(first, count, seed=seed, now=now))
            database[collection].insert_many(batch, ordered=False, bypass_document_validation=True)
        return count

    done = 0
    with ThreadPoolExecutor(_THREADS, "perftui-seed") as pool:
        try:
            for future in as_completed([pool.submit(insert, *batch) for batch in _batches(documents)]):
                done += future.result()
                progress(done / documents)
        finally:
            cancelled.set()


def profile_everything(client: "MongoClient[Document]") -> None:
    """Level 2 on our database, in a profile large enough to hold minutes: 16 MB instead of 1."""
    database = client[DATABASE]
    database.command("profile", 0)
    database.drop_collection("system.profile")
    database.create_collection("system.profile", capped=True, size=_PROFILE_BYTES)
    database.command("profile", 2)


def _batches(documents: int) -> Iterator[tuple[str, _Maker, int, int]]:
    in_prompts = prompt_count(documents)
    for collection, maker, total in (("prompts", prompts, in_prompts), ("users", users, documents - in_prompts)):
        for first in range(0, total, _BATCH):
            yield collection, maker, first, min(_BATCH, total - first)


def _unsafe_but_fast(client: "MongoClient[Document]") -> "Database[Any]":
    from pymongo import WriteConcern

    return client.get_database(DATABASE, write_concern=WriteConcern(w=1, j=False))
