"""The private mongod: sampled documents, candidate indexes that are shown to the planner as wished, explains."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from threading import Event
from typing import TYPE_CHECKING, Any

from perftui.advice.plans.plan import read_plan
from perftui.model.plan import Plan
from perftui.rehearsal.definitions import definition_of
from perftui.rehearsal.limits import Limits
from perftui.rehearsal.scaling import Unscalable

if TYPE_CHECKING:
    from pymongo import MongoClient

    from perftui.advice.costs.spec import Spec
    from perftui.advice.facts import CollectionFacts

Signature = tuple[object, ...]

_MOST_INDEXES = 56
_BATCH = 1_000
_NO_INDEX_FOR_IT = frozenset((27, 291, 17312))
"""Codes of a search for text or nearness without its index."""


class Stopped(Exception):  # noqa: N818 - an answer, not a fault
    """The rehearsal was cancelled."""


class OutOfTime(Exception):  # noqa: N818 - an answer, not a fault
    """The rehearsal's time is over."""


class NoIndexForIt(Exception):  # noqa: N818 - an answer, not a fault
    """The server refuses the command without an index of its kind."""


class Lab:
    """One private server; used by one thread. Every step raises `Stopped` once it was cancelled."""

    def __init__(self, client: MongoClient[dict[str, Any]], limits: Limits, stop: Event) -> None:
        self.client, self.limits, self._stop = client, limits, stop
        self._until = time.monotonic() + limits.time_s
        self.explained = 0

    def check(self) -> None:
        """Raises `Stopped` and `OutOfTime`."""
        if self._stop.is_set():
            raise Stopped
        if time.monotonic() > self._until:
            raise OutOfTime

    def explain(self, database: str, ns: str, command: Mapping[str, Any]) -> Plan:
        """Run the reading part. Raises `NoIndexForIt`, `Unscalable`, `Stopped` and `OutOfTime`."""
        from pymongo.errors import OperationFailure

        self.check()
        self.explained += 1
        whole = {"explain": dict(command), "verbosity": "executionStats", "maxTimeMS": self.limits.explain_ms}
        try:
            reply = self.client[database].command(whole, codec_options=self.client.codec_options)
        except OperationFailure as error:
            if error.code in _NO_INDEX_FOR_IT:
                raise NoIndexForIt from None
            raise Unscalable(f"the private server refuses it (error {error.code})") from None
        plan = read_plan(reply, ns=ns, op=str(next(iter(command))), taken_at=time.time())
        if not plan.finished:
            raise Unscalable("it did not end within its time on the sample")
        return plan


class Bench:
    """One loaded collection. Only the indexes that are asked for can be seen by the planner, beside `_id`."""

    def __init__(self, lab: Lab, facts: CollectionFacts, *, database: str | None = None) -> None:
        own, _, self.name = facts.ns.partition(".")
        self.lab, self.ns, self.database = lab, facts.ns, database or own
        self.loaded = 0
        self.whole = False
        self.factor = 1.0
        self._collation = facts.collation
        self._names: dict[Signature, str] = {}
        """The least recently asked for first."""
        self._refused: dict[Signature, str] = {}
        self._shown: set[str] = set()
        self._number = 0

    @property
    def _collection(self) -> Any:
        return self.lab.client[self.database][self.name]

    def load(self, documents: Sequence[Mapping[str, Any]], total: float, *, whole: bool) -> None:
        """A collection of so many documents in all, of which these are some, or all."""
        options = {} if self._collation is None else {"collation": json.loads(self._collation)}
        self.lab.client[self.database].create_collection(self.name, **options)
        self.add(documents)
        self.whole = whole and self.loaded == len(documents)
        self.factor = 1.0 if self.whole or not self.loaded else max(1.0, total / self.loaded)

    def add(self, documents: Sequence[Mapping[str, Any]]) -> None:
        """Load more; those that are there already, or that cannot be stored, are left out."""
        from bson.errors import BSONError
        from pymongo.errors import BulkWriteError

        for start in range(0, len(documents), _BATCH):
            self.lab.check()
            batch = documents[start : start + _BATCH]
            try:
                self.loaded += len(self._collection.insert_many(batch, ordered=False).inserted_ids)
            except BulkWriteError as error:
                self.loaded += int(error.details.get("nInserted", 0))
            except (BSONError, ValueError, OverflowError):
                continue

    def matches(self, asked: Mapping[str, Any], collation: Mapping[str, Any] | None) -> int | None:
        """Loaded documents that the filter takes; `None` where it cannot be counted."""
        from pymongo.errors import PyMongoError

        self.lab.check()
        more = {} if collation is None else {"collation": collation}
        try:
            return int(self._collection.count_documents(asked, maxTimeMS=self.lab.limits.explain_ms, **more))
        except (PyMongoError, TypeError):
            return None

    def find(self, asked: Mapping[str, Any], path: str, most: int) -> list[dict[str, Any]]:
        """This field of loaded documents that the filter takes; none where it cannot be asked."""
        from pymongo.errors import PyMongoError

        self.lab.check()
        try:
            cursor = self._collection.find(asked, {path: 1}, limit=most, max_time_ms=self.lab.limits.explain_ms)
            return list(cursor)
        except (PyMongoError, TypeError):
            return []

    def show(self, specs: Iterable[Spec]) -> dict[str, Spec]:
        """By the private names; those that the server cannot build are missing."""
        wanted: dict[str, Spec] = {}
        for spec in specs:
            if spec.keys == (("_id", 1),) and spec.existing is not None:
                wanted["_id_"] = spec
            elif (name := self._built(spec)) is not None:
                wanted.setdefault(name, spec)
        names = wanted.keys() - {"_id_"}
        for name in self._shown - names:
            self._hide(name, hidden=True)
        for name in sorted(names - self._shown):
            self._hide(name, hidden=False)
        self._shown = set(names)
        return wanted

    def refusal(self, spec: Spec) -> str | None:
        """Why the server could not build it."""
        return self._refused.get(_signature(spec))

    def explain(self, command: Mapping[str, Any]) -> Plan:
        return self.lab.explain(self.database, self.ns, command)

    def _hide(self, name: str, *, hidden: bool) -> None:
        self.lab.check()
        index = {"name": name, "hidden": hidden}
        self.lab.client[self.database].command({"collMod": self.name, "index": index})

    def _built(self, spec: Spec) -> str | None:
        from pymongo.errors import OperationFailure

        token = _signature(spec)
        if token in self._names:
            self._names[token] = name = self._names.pop(token)
            return name
        if token in self._refused:
            return None
        self._make_room(spec)
        self.lab.check()
        self._number += 1
        name = f"i{self._number}"
        definition = definition_of(spec, name, self._collation)
        try:
            self.lab.client[self.database].command({"createIndexes": self.name, "indexes": [definition]})
        except OperationFailure as error:
            self._refused[token] = str((error.details or {}).get("errmsg") or error)
            return None
        self._names[token] = name
        return name

    def _make_room(self, spec: Spec) -> None:
        """The one that was not asked for the longest time goes; a collection has one text index."""
        text = spec.special == "text"
        gone = [token for token in self._names if text and token[-1] == "text"]
        if len(self._names) >= _MOST_INDEXES:
            gone += [token for token, name in self._names.items() if name not in self._shown][:1]
        for token in dict.fromkeys(gone):
            name = self._names.pop(token)
            self._shown.discard(name)
            self._collection.drop_index(name)


def _signature(spec: Spec) -> Signature:
    """Equal for what is one index to the server, whether it exists or not."""
    return (spec.keys, spec.sparse, spec.partial_token, spec.collation, spec.special)
