"""Bounded looks at the documents before a build: values that occur twice, and two arrays in one index."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perftui.actions.base import Problem
from perftui.actions.index_spec import IndexSpec
from perftui.actions.problems import remark
from perftui.sources.mongodb.build_preflight import BuildFacts

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

    Client = AsyncMongoClient[dict[str, Any]]

_MOST_COMPARED = 2_000_000
_WHOLE = 10_000
_LARGEST_SAMPLE, _SAMPLED_SHARE = 1_000, 0.04
"""`$sample` of 5 % and more reads the whole collection."""
_MEMORY, _TIME = 292, frozenset({50, 262})
_PLAIN = (1, -1)


async def duplicates(client: Client, spec: IndexSpec, facts: BuildFacts, limit_ms: int) -> Problem | None:
    """What would make a unique index fail, in numbers; values are never shown."""
    if not spec.options.get("unique") or facts.documents == 0:
        return None
    from pymongo.errors import OperationFailure

    try:
        found = await _read(client, spec, _duplicate_stages(spec), limit_ms)
    except OperationFailure as error:
        return _unchecked(error.code, spec, limit_ms)
    if found:
        return _twice(spec, found[0])
    if facts.documents is not None and facts.documents > _MOST_COMPARED:
        return remark(
            f"Only {_MOST_COMPARED:,} documents were compared: the build fails at a duplicate among the rest."
        )
    return None


async def parallel_arrays(client: Client, spec: IndexSpec, facts: BuildFacts, limit_ms: int) -> Problem | None:
    """A document among those looked at that holds arrays in two fields of the index."""
    roots = _roots(spec)
    if len(roots) < 2 or not facts.documents:
        return None
    from pymongo.errors import OperationFailure

    arrays = [{"$cond": [{"$or": [{"$isArray": [f"${path}"]} for path in paths]}, 1, 0]} for paths in roots.values()]
    stages = [*_some(facts.documents), {"$match": {"$expr": {"$gt": [{"$add": arrays}, 1]}}}, {"$limit": 1}]
    try:
        found = await _read(client, spec, [*stages, {"$project": {"_id": 1}}], limit_ms)
    except OperationFailure:
        return None
    if not found:
        return None
    words = f"documents hold arrays in two of the fields of {spec.index_name}: an index can hold one array only."
    return Problem(blocking=True, message=words, help="Leave one of the array fields out.")


def _roots(spec: IndexSpec) -> dict[str, list[str]]:
    """The paths by their first field: two paths below the same array are no parallel arrays."""
    roots: dict[str, list[str]] = {}
    for path, kind in spec.keys:
        if kind in _PLAIN and "$" not in path:
            roots.setdefault(path.partition(".")[0], []).append(path)
    return roots


def _some(documents: int) -> list[dict[str, Any]]:
    if documents <= _WHOLE:
        return [{"$limit": _WHOLE}]
    return [{"$sample": {"size": max(1, min(_LARGEST_SAMPLE, int(documents * _SAMPLED_SHARE)))}}]


def _duplicate_stages(spec: IndexSpec) -> list[dict[str, Any]]:
    """As the index compares: a missing field is null, and what it leaves out is left out."""
    paths = [path for path, _ in spec.keys]
    key = {f"f{number}": {"$ifNull": [f"${path}", None]} for number, path in enumerate(paths)}
    return [
        *_indexed_only(spec, paths),
        {"$limit": _MOST_COMPARED},
        {"$group": {"_id": key, "count": {"$sum": 1}}},
        {"$match": {"count": {"$gt": 1}}},
        {"$group": {"_id": None, "values": {"$sum": 1}, "documents": {"$sum": "$count"}, "most": {"$max": "$count"}}},
    ]


def _indexed_only(spec: IndexSpec, paths: list[str]) -> list[dict[str, Any]]:
    definition = spec.definition()
    if definition.get("partialFilterExpression"):
        return [{"$match": definition["partialFilterExpression"]}]
    if definition.get("sparse"):
        return [{"$match": {"$or": [{path: {"$exists": True}} for path in paths]}}]
    return []


def _twice(spec: IndexSpec, found: Mapping[str, Any]) -> Problem:
    fields = ", ".join(path for path, _ in spec.keys)
    words = (
        f"{found['values']:,} values of {fields} occur more than once, in {found['documents']:,} documents "
        f"(one value up to {found['most']:,} times): a unique index cannot be built."
    )
    return Problem(blocking=True, message=words, help="Remove the duplicates, or create it without unique.")


def _unchecked(code: int | None, spec: IndexSpec, limit_ms: int) -> Problem:
    why = (
        f"within {limit_ms / 1000:.0f} s" if code in _TIME else "in the server's memory" if code == _MEMORY else "here"
    )
    fields = ", ".join(path for path, _ in spec.keys)
    return remark(f"Whether {fields} is unique could not be checked {why}: at a duplicate the build fails at its end.")


async def _read(client: Client, spec: IndexSpec, stages: list[dict[str, Any]], limit_ms: int) -> list[dict[str, Any]]:
    collation = spec.definition().get("collation")
    options = {} if collation is None else {"collation": collation}
    found = client[spec.database][spec.collection]
    async with await found.aggregate(stages, maxTimeMS=limit_ms, allowDiskUse=False, **options) as cursor:
        return await cursor.to_list()
