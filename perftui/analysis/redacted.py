"""A command without the values in it: names, operators, orders and numbers of documents stay."""

from collections.abc import Mapping
from typing import Any

from perftui.advice.load import Command
from perftui.advice.shapes.values import is_operator_document
from perftui.model.document_json import to_json

HIDDEN = "?"
SESSION = frozenset(
    (
        *("lsid", "$db", "$clusterTime", "$readPreference", "signature", "txnNumber", "apiVersion", "apiStrict"),
        *(
            "apiDeprecationErrors",
            "autocommit",
            "startTransaction",
            "stmtId",
            "clientOperationKey",
            "mayBypassWriteBlocking",
        ),
    )
)
_AS_THEY_ARE = frozenset(
    (
        *("sort", "limit", "skip", "batchSize", "singleBatch", "hint", "collation", "key", "multi", "upsert", "new"),
        *(
            "remove",
            "cursor",
            "allowDiskUse",
            "maxTimeMS",
            "ordered",
            "readConcern",
            "writeConcern",
            "bypassDocumentValidation",
        ),
        *("$sort", "$limit", "$skip", "$count", "$unwind", "$sample"),
        *("from", "localField", "foreignField", "connectFromField", "connectToField", "as", "coll"),
    )
)
_EXPRESSIONS = frozenset(
    (
        *("$expr", "$group", "$project", "$addFields", "$set", "$replaceRoot", "$replaceWith", "$bucket"),
        *("$bucketAuto", "$redact", "$setWindowFields", "$sortByCount", "startWith", "projection", "let"),
    )
)
_FILTERS = frozenset(("filter", "query", "q", "$match", "restrictSearchWithMatch"))
_NAMED = frozenset(
    ("find", "aggregate", "count", "distinct", "findAndModify", "findandmodify", "update", "delete", "insert")
)
_DEPTH = 60
_ITEMS = 3
_SAMPLE = 4000


def sample_text(command: Command, *, values: bool) -> str:
    """One command as extended JSON without session fields; without its values unless they are asked for."""
    shown = {name: value for name, value in command.items() if name not in SESSION}
    return to_json(shown if values else without_values(shown), _SAMPLE)


def without_values(command: Command) -> dict[str, Any]:
    """The same command; each value in it is `?`, long lists of values are cut."""
    return {str(name): _part(str(name), value, top=True) for name, value in command.items()}


def _part(name: str, value: object, *, top: bool = False, depth: int = 0) -> Any:
    """What stands under a name of a command or of a pipeline's stage."""
    if top and name in _NAMED and isinstance(value, str):
        return value
    if name in _AS_THEY_ARE:
        return value
    if name in _FILTERS:
        return _hidden(value, depth, filtering=True)
    if name in _EXPRESSIONS:
        return _hidden(value, depth, filtering=False)
    if name in ("pipeline", "$facet", "$lookup", "$graphLookup", "$unionWith", "$geoNear") and depth < _DEPTH:
        return _stages(value, depth + 1)
    return _hidden(value, depth, filtering=True)


def _stages(value: object, depth: int) -> Any:
    if isinstance(value, list | tuple):
        return [_stages(each, depth) if isinstance(each, Mapping | list) else HIDDEN for each in value]
    if isinstance(value, Mapping):
        facets = all(isinstance(each, list | tuple) and str(name)[:1] != "$" for name, each in value.items())
        return {
            str(name): _stages(each, depth + 1) if facets else _part(str(name), each, depth=depth)
            for name, each in value.items()
        }
    return value if isinstance(value, str) else HIDDEN


def _hidden(value: object, depth: int, *, filtering: bool) -> Any:
    """In a filter every text is a value; in an expression those that begin with `$` are paths."""
    if depth >= _DEPTH:
        return HIDDEN
    if isinstance(value, Mapping):
        if filtering and value and not is_operator_document(value) and next(iter(value), "").startswith("$"):
            return HIDDEN
        return {
            str(name): bool(each)
            if name == "$exists"
            else HIDDEN
            if name == "$literal"
            else _hidden(each, depth + 1, filtering=filtering and name != "$expr")
            for name, each in value.items()
        }
    if isinstance(value, list | tuple):
        return _items([_hidden(each, depth + 1, filtering=filtering) for each in value])
    if not filtering and isinstance(value, bool | int) and value in (0, 1):
        return value
    return value if not filtering and isinstance(value, str) and value[:1] == "$" else HIDDEN


def _items(hidden: list[Any]) -> list[Any]:
    if len(hidden) > _ITEMS and all(each == HIDDEN for each in hidden):
        return [HIDDEN] * _ITEMS + [f"… {len(hidden) - _ITEMS} more"]
    return hidden
