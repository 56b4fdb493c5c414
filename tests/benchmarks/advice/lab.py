"""A private mongod that holds one workload at a time, with whichever indexes are to be seen."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from pymongo import MongoClient
from pymongo.database import Database
from pymongo.errors import OperationFailure

from perftui.servers import MongodProcess, PrivateServers

from .workload import DATABASE, Built, IndexSpec


class Lab:
    """Indexes that are built hidden can be seen one at a time, so that each is tried alone without a hint."""

    def __init__(self, servers: PrivateServers) -> None:
        self._servers = servers
        self._loaded: str | None = None

    @cached_property
    def process(self) -> MongodProcess:
        return self._servers.start_mongod()

    @cached_property
    def client(self) -> MongoClient[dict[str, Any]]:
        """The mongod starts when it is needed at first."""
        return MongoClient(self.process.direct_uri, datetime_conversion="DATETIME_AUTO")

    @property
    def database(self) -> Database[dict[str, Any]]:
        return self.client[DATABASE]

    def close(self) -> None:
        if "client" in self.__dict__:
            self.client.close()

    def forget(self) -> None:
        """What is loaded was changed."""
        self._loaded = None

    def load(self, built: Built, key: str) -> None:
        """Anew, with the indexes that the workload says; nothing where it is loaded and unchanged."""
        if self._loaded == key:
            return
        self.reload(built)
        self._loaded = key

    def reload(self, built: Built) -> None:
        self._loaded = None
        self.client.drop_database(DATABASE)
        for name, documents in built.collections.items():
            self.database[name].insert_many(documents)
        for index in built.indexes:
            self.create(index)

    def create(self, index: IndexSpec, **more: Any) -> str | None:
        """The server's refusal in its own words, or `None`."""
        before = self.names(index.collection)
        try:
            self.database.command({"createIndexes": index.collection, "indexes": [index.command(**more)]})
        except OperationFailure as error:
            return f"{error.code}: {error}"
        return None if self.names(index.collection) != before else "an identical index exists"

    def create_hidden(self, indexes: Sequence[IndexSpec]) -> list[IndexSpec]:
        """Those that the server accepts, built together where it accepts all."""
        if not indexes:
            return []
        wanted = [index.command(hidden=True) for index in indexes]
        try:
            self.database.command({"createIndexes": indexes[0].collection, "indexes": wanted})
        except OperationFailure:
            if len(indexes) == 1:
                return []
            half = len(indexes) // 2
            return [*self.create_hidden(indexes[:half]), *self.create_hidden(indexes[half:])]
        return list(indexes)

    def names(self, collection: str) -> set[str]:
        return set(self.database[collection].index_information())

    def drop(self, collection: str, name: str) -> None:
        self.database[collection].drop_index(name)

    def hide(self, collection: str, name: str, hidden: bool = True) -> None:
        self.database.command({"collMod": collection, "index": {"name": name, "hidden": hidden}})

    @contextmanager
    def seen(self, indexes: Iterable[IndexSpec]) -> Iterator[None]:
        """These, which are hidden otherwise, can be used inside."""
        chosen = list(indexes)
        for index in chosen:
            self.hide(index.collection, index.name, False)
        try:
            yield
        finally:
            for index in chosen:
                self.hide(index.collection, index.name)

    @contextmanager
    def unseen(self, indexes: Iterable[IndexSpec]) -> Iterator[None]:
        chosen = [index for index in indexes if not dict(index.options).get("hidden")]
        for index in chosen:
            self.hide(index.collection, index.name)
        try:
            yield
        finally:
            for index in chosen:
                self.hide(index.collection, index.name, False)
