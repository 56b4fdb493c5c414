"""Statistics and indexes of some collections of one database, in one command where the server can."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from perftui.model.index import CollectionKind, Index
from perftui.sources.mongodb.collection_stats import Statistics, statistics_of, statistics_stages
from perftui.sources.mongodb.failures import NOT_ALLOWED
from perftui.sources.mongodb.index_entry import index_of
from perftui.sources.mongodb.reads import Entry, Reads, first_batch

_MOST_ENTRIES = 1_000
_MOST_INDEXES = 200
_INDEX_FIELDS = ("name", "key", "spec", "accesses", "building", "shard")
_GONE = 26
_TIME_LIMIT = frozenset({50, 262})

Stages = list[dict[str, Any]]


class Wanted(NamedTuple):
    """What to read of one collection."""

    name: str
    kind: CollectionKind = "collection"
    sizes: bool = True


class Found(NamedTuple):
    """`None` is what the login may not read, or what could not be read this time."""

    statistics: Statistics | None = None
    indexes: tuple[Index, ...] | None = None
    gone: bool = False


class CollectionReading:
    """Reads collections; learns whether the server can answer for several at once."""

    def __init__(self, reads: Reads, *, together: bool) -> None:
        self._reads = reads
        self._together = together

    async def read(self, database: str, wanted: Sequence[Wanted]) -> dict[str, Found]:
        """By name. Raises what PyMongo raises where the server cannot be reached."""
        asked = {one.name: await self._stages(database, one) for one in wanted}
        # A time-series collection is a view for `$unionWith`, which has no statistics of its own.
        simple = {one.name: asked[one.name] for one in wanted if one.kind == "collection"}
        found = await self._read_together(database, simple) if self._together and simple else {}
        alone = {name: await self._read_alone(database, name, asked[name]) for name in asked if name not in found}
        if self._together and simple and not found:
            # One that was dropped meanwhile makes all fail; a server that cannot do it fails every time.
            self._together = any(one.gone for one in alone.values())
        found |= alone
        for one in wanted:
            if found[one.name].indexes is None and await self._reads.may("listIndexes", database, one.name):
                found[one.name] = found[one.name]._replace(indexes=await self._list_indexes(database, one.name))
        return found

    async def _stages(self, database: str, one: Wanted) -> dict[str, Stages]:
        """What the login may read of it, by the action that it takes."""
        stages: dict[str, Stages] = {}
        if await self._reads.may("collStats", database, one.name):
            stages["collStats"] = statistics_stages(one.kind, sizes=one.sizes)
        if await self._reads.may("indexStats", database, one.name):
            stages["indexStats"] = [{"$indexStats": {}}, {"$project": dict.fromkeys(_INDEX_FIELDS, 1)}]
        return stages

    async def _read_together(self, database: str, asked: Mapping[str, Mapping[str, Stages]]) -> dict[str, Found]:
        """Nothing where the server refuses it as a whole."""
        from pymongo.errors import OperationFailure

        tagged = [
            (name, [*stages, {"$set": {"of": f"{number} {action}"}}])
            for number, (name, parts) in enumerate(asked.items())
            for action, stages in parts.items()
        ]
        if not tagged:
            return dict.fromkeys(asked, Found())
        (first, pipeline), *others = tagged
        pipeline = [*pipeline, *({"$unionWith": {"coll": name, "pipeline": stages}} for name, stages in others)]
        try:
            reply = await self._reads.send(database, _aggregate(first, pipeline))
        except OperationFailure as error:
            if error.code in _TIME_LIMIT:
                raise
            return {}
        parts_of: dict[str, list[Entry]] = {}
        for entry in first_batch(reply, _MOST_ENTRIES):
            parts_of.setdefault(str(entry.get("of")), []).append(entry)
        return {
            name: _found({action: parts_of.get(f"{number} {action}", []) for action in parts})
            for number, (name, parts) in enumerate(asked.items())
        }

    async def _read_alone(self, database: str, name: str, asked: Mapping[str, Stages]) -> Found:
        from pymongo.errors import OperationFailure

        parts: dict[str, list[Entry]] = {}
        for action, stages in asked.items():
            try:
                parts[action] = first_batch(await self._reads.send(database, _aggregate(name, stages)), _MOST_ENTRIES)
            except OperationFailure as error:
                if error.code == _GONE:
                    return Found(gone=True)
                if error.code in _TIME_LIMIT:
                    raise
                if error.code in NOT_ALLOWED:
                    self._reads.refuse(action, database, name)
        return _found(parts)

    async def _list_indexes(self, database: str, name: str) -> tuple[Index, ...] | None:
        from pymongo.errors import OperationFailure

        command = {"listIndexes": name, "includeBuildUUIDs": True, "cursor": {"batchSize": _MOST_INDEXES}}
        try:
            reply = await self._reads.send(database, command)
        except OperationFailure as error:
            if error.code in NOT_ALLOWED:
                self._reads.refuse("listIndexes", database, name)
            return None
        return merged(index_of(entry) for entry in first_batch(reply, _MOST_INDEXES))


def merged(indexes: Iterable[Index]) -> tuple[Index, ...]:
    """One for each name, `_id_` first: each shard tells of its own, and they are used as often as all together."""
    found: dict[str, Index] = {}
    for index in indexes:
        known = found.get(index.name)
        found[index.name] = index if known is None else _both(known, index)
    return tuple(sorted(found.values(), key=lambda index: (index.name != "_id_", index.name)))


def _both(one: Index, other: Index) -> Index:
    starts = [moment for moment in (one.used_since, other.used_since) if moment is not None]
    return msgspec.structs.replace(
        one,
        uses=None if one.uses is None or other.uses is None else one.uses + other.uses,
        used_since=max(starts, default=None),
        building=one.building or other.building,
    )


def _found(parts: Mapping[str, list[Entry]]) -> Found:
    statistics, indexes = parts.get("collStats"), parts.get("indexStats")
    return Found(
        statistics=statistics_of(statistics) if statistics else None,
        indexes=None if indexes is None else merged(index_of(entry) for entry in indexes),
    )


def _aggregate(name: str, pipeline: Stages) -> dict[str, Any]:
    return {"aggregate": name, "pipeline": pipeline, "cursor": {"batchSize": _MOST_ENTRIES}}
