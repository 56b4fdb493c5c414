"""Commands as a driver sends them, shortly written."""

from collections.abc import Mapping
from typing import Any

from .workload import Command

Filter = Mapping[str, Any]


def sort_of(words: str) -> dict[str, int]:
    """`"-at name"` is at descending, then name ascending."""
    return {word.lstrip("-"): -1 if word.startswith("-") else 1 for word in words.split()}


def find(collection: str, where: Filter, sort: str = "", limit: int = 0, **options: Any) -> Command:
    command: Command = {"find": collection, "filter": dict(where)}
    if sort:
        command["sort"] = sort_of(sort)
    if limit:
        command["limit"] = limit
    return command | options


def count(collection: str, where: Filter) -> Command:
    return {"count": collection, "query": dict(where)}


def distinct(collection: str, key: str, where: Filter) -> Command:
    return {"distinct": collection, "key": key, "query": dict(where)}


def aggregate(collection: str, *stages: Mapping[str, Any], **options: Any) -> Command:
    return {"aggregate": collection, "pipeline": [dict(stage) for stage in stages], "cursor": {}, **options}


def update(collection: str, where: Filter, change: Mapping[str, Any], multi: bool = False) -> Command:
    return {"update": collection, "updates": [{"q": dict(where), "u": dict(change), "multi": multi}]}


def delete(collection: str, where: Filter, limit: int = 0) -> Command:
    return {"delete": collection, "deletes": [{"q": dict(where), "limit": limit}]}


def modify(collection: str, where: Filter, sort: str, change: Mapping[str, Any]) -> Command:
    command: Command = {"findAndModify": collection, "query": dict(where), "update": dict(change)}
    return command | ({"sort": sort_of(sort)} if sort else {})


def match(where: Filter) -> dict[str, Any]:
    return {"$match": dict(where)}


def order(words: str) -> dict[str, Any]:
    return {"$sort": sort_of(words)}


def group(key: Any, **accumulators: Any) -> dict[str, Any]:
    return {"$group": {"_id": key, **accumulators}}


def limit(count_: int) -> dict[str, Any]:
    return {"$limit": count_}


def only(*paths: str) -> dict[str, int]:
    """A projection that an index could cover."""
    return {"_id": 0} | dict.fromkeys(paths, 1)
