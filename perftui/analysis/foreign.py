"""The collections that a command reads beside its own."""

from collections.abc import Iterator, Mapping

from perftui.advice.load import Command

_STAGES = 500
_DEPTH = 20
_JOINS = frozenset(("$lookup", "$graphLookup", "$unionWith"))


def foreign_namespaces(command: Command, ns: str) -> set[str]:
    """Of `$lookup`, `$graphLookup` and `$unionWith`, at any depth."""
    database = ns.partition(".")[0]
    return {f"{database}.{name}" for name in _names(command.get("pipeline"), 0)}


def _names(pipeline: object, depth: int) -> Iterator[str]:
    if not isinstance(pipeline, list | tuple) or depth > _DEPTH:
        return
    for stage in pipeline[:_STAGES]:
        for name, body in stage.items() if isinstance(stage, Mapping) else ():
            if name in _JOINS:
                yield from _joined(body, depth)
            elif name == "$facet" and isinstance(body, Mapping):
                for branch in body.values():
                    yield from _names(branch, depth + 1)


def _joined(body: object, depth: int) -> Iterator[str]:
    if isinstance(body, str):
        yield body
    elif isinstance(body, Mapping):
        source = body.get("from", body.get("coll"))
        if isinstance(source, str):
            yield source
        yield from _names(body.get("pipeline"), depth + 1)
