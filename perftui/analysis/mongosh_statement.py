"""A statement of mongosh, `db.orders.find({...}).sort({...})`, as the command that it sends. Nothing is evaluated."""

import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, Protocol

_NAME = re.compile(r"[A-Za-z_$][\w$]*")
_SETTINGS = (
    "sort",
    "limit",
    "skip",
    "hint",
    "collation",
    "let",
    "allowDiskUse",
    "min",
    "max",
    "returnKey",
    "showRecordId",
)
_RENAMED = {"projection": "projection", "project": "projection"}
_PASSED_OVER = frozenset(
    (
        *("batchSize", "comment", "maxTimeMS", "maxAwaitTimeMS", "noCursorTimeout", "readConcern", "readPref"),
        *("pretty", "toArray", "itcount", "objsLeftInBatch"),
    )
)
"""They change nothing about what is asked."""
Command = dict[str, Any]


class Reader(Protocol):
    """What reads values, and where it is."""

    text: str
    at: int

    def fail(self, what: str) -> NoReturn: ...
    def space(self) -> None: ...
    def items(self, start: str, end: str, depth: int) -> list[Any]: ...


def read_statement(reader: Reader, depth: int) -> Command:
    """The statement at `db`, up to its end; `$db` where it names its database. Fails as the reader does."""
    return _Statement(reader, depth).read()


class _Statement:
    def __init__(self, reader: Reader, depth: int) -> None:
        self._reader, self._depth = reader, depth
        self._database: str | None = None
        self._path: list[str] = []
        self._command: Command | None = None

    def read(self) -> Command:
        self._reader.at += len("db")
        while (name := self._name()) is not None:
            given = self._given()
            if given is None:
                self._path.append(name)
            elif self._command is None:
                self._begin(name, given)
            else:
                self._modify(self._command, name, given)
        if self._command is None:
            self._reader.fail("a method such as find() is expected")
        self._end()
        return self._command if self._database is None else {**self._command, "$db": self._database}

    def _name(self) -> str | None:
        """`.name`, or `["name"]`."""
        self._reader.space()
        sign = self._reader.text[self._reader.at : self._reader.at + 1]
        if sign == "[":
            found = self._reader.items("[", "]", self._depth + 1)
            return str(found[0]) if found else self._reader.fail("a name is expected")
        if sign != ".":
            return None
        self._reader.at += 1
        self._reader.space()
        match = _NAME.match(self._reader.text, self._reader.at)
        if match is None:
            self._reader.fail("a name is expected")
        self._reader.at = match.end()
        return match[0]

    def _given(self) -> list[Any] | None:
        """What stands in brackets; `None` without any."""
        self._reader.space()
        if self._reader.text[self._reader.at : self._reader.at + 1] != "(":
            return None
        return self._reader.items("(", ")", self._depth + 1)

    def _end(self) -> None:
        self._reader.space()
        if self._reader.text[self._reader.at : self._reader.at + 1] == ";":
            self._reader.at += 1

    def _begin(self, name: str, given: list[Any]) -> None:
        if name == "getSiblingDB" and given:
            self._database = str(given[0])
        elif name == "getCollection" and given:
            self._path = [str(given[0])]
        elif name == "runCommand" and given and isinstance(given[0], dict):
            self._command = given[0]
        elif name in _STARTS and self._path:
            self._command = self._made(name, given)
        else:
            self._reader.fail(f"{name}() is nothing that could be asked here")

    def _made(self, name: str, given: list[Any]) -> Command:
        try:
            return _STARTS[name](".".join(self._path), *given)
        except (TypeError, ValueError):
            self._reader.fail(f"{name}(...) does not take what it is given")

    def _modify(self, command: Command, name: str, given: list[Any]) -> None:
        if name in ("count", "size") and "find" in command:
            self._command = _count(command["find"], command.get("filter"))
        elif name in _SETTINGS or name in _RENAMED:
            command[_RENAMED.get(name, name)] = given[0] if given else True
        elif name == "explain":
            self._reader.fail("leave explain() out: the query itself is wanted")
        elif name not in _PASSED_OVER:
            self._reader.fail(f"{name}() is nothing that could be asked here")


def _find(name: str, query: Any = None, projection: Any = None, options: Any = None) -> Command:
    shown = {} if projection is None else {"projection": _document(projection)}
    return {"find": name, "filter": _document(query), **shown, **_settings(options)}


def _find_one(name: str, query: Any = None, projection: Any = None, options: Any = None) -> Command:
    return {**_find(name, query, projection, options), "limit": 1}


def _aggregate(name: str, *given: Any) -> Command:
    """A pipeline and options, or the stages one by one."""
    pipeline, options = (given[0], given[1:]) if given and isinstance(given[0], list) else (list(given), ())
    return {"aggregate": name, "pipeline": pipeline, "cursor": {}, **_settings(options[0] if options else None)}


def _count(name: str, query: Any = None, options: Any = None) -> Command:
    return {"count": name, "query": _document(query), **_settings(options)}


def _count_documents(name: str, query: Any = None, options: Any = None) -> Command:
    """As the drivers send it."""
    pipeline = [{"$match": _document(query)}, {"$group": {"_id": 1, "n": {"$sum": 1}}}]
    return {"aggregate": name, "pipeline": pipeline, "cursor": {}, **_settings(options)}


def _distinct(name: str, key: str, query: Any = None, options: Any = None) -> Command:
    return {"distinct": name, "key": key, "query": _document(query), **_settings(options)}


def _update(name: str, query: Any, change: Any, _options: Any = None) -> Command:
    return {"update": name, "updates": [{"q": _document(query), "u": change}]}


def _delete(name: str, query: Any, _options: Any = None) -> Command:
    return {"delete": name, "deletes": [{"q": _document(query), "limit": 0}]}


def _find_and_modify(name: str, query: Any, *_given: Any) -> Command:
    return {"findAndModify": name, "query": _document(query), "update": {}}


def _insert(name: str, *_given: Any) -> Command:
    return {"insert": name, "documents": []}


def _document(value: Any) -> Any:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise TypeError(value)
    return value


def _settings(options: Any) -> Command:
    return {key: value for key, value in _document(options).items() if key in _SETTINGS or key in _RENAMED}


_STARTS: dict[str, Callable[..., Command]] = {
    "find": _find,
    "findOne": _find_one,
    "aggregate": _aggregate,
    "count": _count,
    "countDocuments": _count_documents,
    "estimatedDocumentCount": lambda name, _options=None: _count(name),
    "distinct": _distinct,
    **dict.fromkeys(("update", "updateOne", "updateMany", "replaceOne"), _update),
    **dict.fromkeys(("remove", "deleteOne", "deleteMany"), _delete),
    **dict.fromkeys(("findAndModify", "findOneAndUpdate", "findOneAndReplace", "findOneAndDelete"), _find_and_modify),
    **dict.fromkeys(("insert", "insertOne", "insertMany", "bulkWrite"), _insert),
}
