"""A `system.profile` of any length: real entries of real commands, repeated with other values, times and figures."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from pymongo import MongoClient
from pymongo.database import Database

_START = datetime(2026, 11, 25, tzinfo=UTC)
_FIELDS = ("category", "active", "createdAt", "title", "owner", "status", "region", "price", "rating", "views")
_KINDS = ("find", "find", "find", "aggregate", "count", "update", "distinct")
_DOCUMENTS, _BATCH = 20_000, 2_000
_ROOM_BYTES = 2_000
"""More than an entry takes on average, so that the capped collection overwrites none."""

Document = dict[str, Any]


class Question(NamedTuple):
    """One shape."""

    collection: str
    kind: str
    equalities: tuple[str, ...]
    ranged: str | None
    order: str | None

    def filter(self, draw: random.Random) -> Document:
        ranged: Document = {self.ranged: {"$gte": draw.randrange(1_000)}} if self.ranged else {}
        return {name: draw.randrange(1_000) for name in self.equalities} | ranged

    def run(self, database: Database[Document], draw: random.Random) -> None:
        """Once, so that the profiler writes what it writes."""
        collection, asked = database[self.collection], self.filter(draw)
        order = [(self.order, -1)] if self.order else []
        if self.kind == "find":
            list(collection.find(asked, sort=order or None, limit=20))
        elif self.kind == "aggregate":
            sort: list[Document] = [{"$sort": dict(order)}] if order else []
            list(collection.aggregate([{"$match": asked}, *sort, {"$limit": 20}]))
        elif self.kind == "count":
            database.command("count", self.collection, query=asked)
        elif self.kind == "update":
            collection.update_one(asked, {"$inc": {"seen": 1}})
        else:
            collection.distinct("owner", asked)


def questions(shapes: int, collections: int) -> list[Question]:
    """So many, no two alike, spread over the collections."""
    draw = random.Random(1)
    found: dict[Question, None] = {}
    while len(found) < shapes:
        fields = draw.sample(_FIELDS, 4)
        kind = _KINDS[len(found) % len(_KINDS)]
        order = fields[3] if kind in ("find", "aggregate") and draw.random() < 0.5 else None
        ranged = fields[2] if draw.random() < 0.6 else None
        equalities = tuple(sorted(fields[: draw.choice((1, 2))]))
        found[Question(f"items{len(found) % collections}", kind, equalities, ranged, order)] = None
    return list(found)


def fill_collections(database: Database[Document], collections: int) -> None:
    draw = random.Random(2)
    for place in range(collections):
        database[f"items{place}"].insert_many(
            [{name: draw.randrange(1_000) for name in _FIELDS} | {"text": "word " * 20} for _ in range(_DOCUMENTS)]
        )


def profiled(database: Database[Document], asked: list[Question]) -> list[Document]:
    """One real entry of each, in their order."""
    draw = random.Random(3)
    database.command("profile", 2)
    for question in asked:
        question.run(database, draw)
    database.command("profile", 0)
    entries = list(database["system.profile"].find({"ns": {"$regex": r"\.items"}}, sort=[("$natural", 1)]))
    database["system.profile"].drop()
    assert len(entries) == len(asked)
    return entries


def place_profile(client: "MongoClient[Document]", name: str, number: int, asked: list[Question]) -> None:
    """So many entries as the profile of a database.

    The server refuses every insert into `system.profile`, $out and `renameCollection`; the rename inside `applyOps`
    it allows. So the entries are inserted into a capped collection that then becomes the profile.
    """
    database = client[name]
    templates = profiled(database, asked)
    database.create_collection("made", capped=True, size=number * _ROOM_BYTES)
    made = _entries(asked, templates, number)
    while batch := list(islice(made, _BATCH)):
        database["made"].insert_many(batch)
    rename = {"renameCollection": f"{name}.made", "to": f"{name}.system.profile"}
    client.admin.command({"applyOps": [{"op": "c", "ns": f"{name}.$cmd", "o": rename}]})
    assert database["system.profile"].estimated_document_count() == number


def _entries(asked: list[Question], templates: list[Document], number: int) -> Iterator[Document]:
    """Some shapes far more often than others."""
    draw = random.Random(4)
    weights = [1 / (1 + place) ** 0.5 for place in range(len(asked))]
    known = list(zip(asked, templates, strict=True))
    firsts = known[:number]
    for position, (question, template) in enumerate(firsts):
        yield _entry(question, template, draw, position)
    for position in range(len(firsts), number):
        ((question, template),) = draw.choices(known, weights)
        yield _entry(question, template, draw, position)


def _entry(question: Question, template: Document, draw: random.Random, position: int) -> Document:
    command = dict(template["command"])
    asked = question.filter(draw)
    if question.kind == "aggregate":
        command["pipeline"] = [{"$match": asked}, *command["pipeline"][1:]]
    else:
        command[{"find": "filter", "update": "q"}.get(question.kind, "query")] = asked
    return template | {
        "command": command,
        "millis": int(draw.lognormvariate(4, 1)),
        "ts": _START + timedelta(milliseconds=position * 20),
    }
