"""What a query is asked as, and the key of its result."""

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any

from perftui.advice import shape_of

PREFIX = "query"
_WRITES = ("$out", "$merge")
_JOINS = ("$lookup", "$graphLookup", "$unionWith")
_NOT_ASKED = frozenset({
    "max_time_ms", "maxTimeMS", "comment", "batch_size", "batchSize", "allow_disk_use", "allowDiskUse",
    "no_cursor_timeout", "session",
})  # fmt: skip
Sort = Sequence[tuple[str, Any]] | Mapping[str, Any]


def query_key(command: Mapping[str, Any], namespace: str) -> str:
    """`query:shop.products:<shape>:<values>`: results of one shape can be found by their pattern.

    Queries whose filters name the same fields in another order share a result. Raises what BSON raises for a value that
    cannot be sent to a server.
    """
    import bson

    values = blake2b(bson.encode(_ordered(command)), digest_size=16).hexdigest()
    return f"{PREFIX}:{namespace}:{shape_of(command, namespace).id}:{values}"


def query_tag(namespace: str) -> str:
    """The tag of all results of a collection."""
    return f"{PREFIX}:{namespace}"


def find_command(collection: str, filter: Mapping[str, Any] | None, options: Mapping[str, Any]) -> dict[str, Any]:
    """As the driver sends it; `options` are those of PyMongo's `find`."""
    command: dict[str, Any] = {"find": collection, "filter": dict(filter or {})}
    for name, value in plain_options(options).items():
        command[name] = (
            _pairs(value) if name in ("sort", "hint") else _projection(value) if name == "projection" else value
        )
    return command


def aggregate_command(
    collection: str, pipeline: Sequence[Mapping[str, Any]], options: Mapping[str, Any]
) -> dict[str, Any]:
    """Raises `ValueError` for a pipeline that writes."""
    writing = [name for stage in pipeline for name in _WRITES if name in stage]
    if writing:
        raise ValueError(f"a pipeline with {writing[0]} writes: its result cannot be kept")
    return {"aggregate": collection, "pipeline": list(pipeline), **plain_options(options)}


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those that a result depends on. Raises `ValueError` for a session."""
    if options.get("session") is not None:
        raise ValueError("what a session reads is its own: ask the collection itself")
    return {
        name: getattr(value, "document", value)  # a Collation
        for name, value in options.items()
        if value is not None and name not in _NOT_ASKED
    }


def joined_collections(pipeline: Any) -> set[str]:
    """Names of other collections that a pipeline reads."""
    found: set[str] = set()
    if isinstance(pipeline, Mapping):
        for name, value in pipeline.items():
            if name in _JOINS and isinstance(value, Mapping):
                found.update(str(value[place]) for place in ("from", "coll") if isinstance(value.get(place), str))
            elif name == "$unionWith" and isinstance(value, str):
                found.add(value)
            found |= joined_collections(value)
    elif isinstance(pipeline, list | tuple):
        for one in pipeline:
            found |= joined_collections(one)
    return found


def _pairs(value: Any) -> Any:
    if isinstance(value, str):
        return {value: 1}
    return value if isinstance(value, Mapping) else dict(map(_pair, value))


def _pair(one: Any) -> tuple[str, Any]:
    return (one, 1) if isinstance(one, str) else (one[0], one[1])


def _projection(value: Any) -> Any:
    return value if isinstance(value, Mapping) else dict.fromkeys(value, 1)


def _ordered(command: Mapping[str, Any]) -> dict[str, Any]:
    asked = dict(command)
    for name in ("filter", "query"):
        if isinstance(asked.get(name), Mapping):
            asked[name] = dict(sorted(asked[name].items()))
    return asked
