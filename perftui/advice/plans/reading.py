"""What one reading of a plan may still take in, what it has added up, and the gates for all that it reads."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from perftui.model.document_json import to_json
from perftui.model.index import KeyDirection, KeyPattern
from perftui.model.numbers import real, whole
from perftui.model.text import safe_text

Document = Mapping[str, Any]
NOTHING: Final[Document] = {}
NAME_LIMIT: Final = 200
TEXT_LIMIT: Final = 2000
_STAGES = 500
_DEPTH = 150
_FIELDS = 32
_ITEMS = 1000


class PlanReading:
    """The bounds and sums of one plan. `ns` is the command's own collection."""

    def __init__(self, ns: str) -> None:
        self.ns = ns
        self.stages_left = _STAGES
        self.keys_examined: int | None = None
        self.documents_examined: int | None = None
        self.failure: tuple[int | None, str] | None = None
        """Code and message of the execution, where it failed."""

    def enter(self, depth: int) -> bool:
        """Take in one stage at this depth; False when it is one too many or too deep."""
        self.stages_left -= 1
        return self.stages_left >= 0 and depth < _DEPTH

    def add(self, keys: int | None, documents: int | None) -> None:
        """Count what one cursor or stage examined."""
        if keys is not None:
            self.keys_examined = (self.keys_examined or 0) + keys
        if documents is not None:
            self.documents_examined = (self.documents_examined or 0) + documents

    def other(self, ns: object) -> str | None:
        """The namespace where it is another than the command's own."""
        found = text(ns, NAME_LIMIT)
        return found if found and found != self.ns else None

    def beside(self, collection: object) -> str | None:
        """The namespace of a collection that a stage names, of this database where it names no other."""
        database: object = self.ns.partition(".")[0]
        if isinstance(collection, Mapping):
            database, collection = collection.get("db", database), collection.get("coll", collection.get("to"))
            if isinstance(collection, Mapping):
                return self.beside(collection)
        name, of = text(collection, NAME_LIMIT), text(database, NAME_LIMIT)
        return f"{of}.{name}" if name and of else None


def as_document(value: object) -> Document:
    """The value where it is a document, else an empty one."""
    return value if isinstance(value, Mapping) else NOTHING


def part(document: Document, name: str) -> Document:
    """The document under this name; empty where there is none."""
    return as_document(document.get(name))


def documents(value: object) -> Iterator[Document]:
    """The documents of an array, bounded."""
    if isinstance(value, list | tuple):
        yield from (one for one in value[:_ITEMS] if isinstance(one, Mapping))


def first_count(document: Document, *names: str) -> int | None:
    """The first of these counters that is a number and not negative."""
    for name in names:
        found = whole(document.get(name))
        if found is not None and found >= 0:
            return found
    return None


def time_ms(document: Document) -> float | None:
    """The stage's time with its inputs, by the finest clock that the server gives."""
    units = (("executionTimeNanos", 1e6), ("executionTimeMicros", 1e3), ("executionTimeMillisEstimate", 1.0))
    for name, per_ms in (*units, ("executionTimeMillis", 1.0)):
        found = real(document.get(name))
        if found is not None and found >= 0:
            return found / per_ms
    return None


def text(value: object, limit: int = TEXT_LIMIT) -> str | None:
    """The text, safe to draw; `None` for anything else."""
    return safe_text(value, limit) if isinstance(value, str) and value else None


def json_text(value: object, limit: int = TEXT_LIMIT) -> str:
    """Extended JSON on one line, cut where it is longer."""
    return safe_text(to_json(value, limit), limit)


def key_pattern(value: object) -> KeyPattern:
    """Fields with their directions; a pattern written as text (`{ _id: 1 }`) is read too."""
    if isinstance(value, str):
        return tuple(_written(value[:TEXT_LIMIT].strip("{} ")))
    if not isinstance(value, Mapping):
        return ()
    names = list(value.items())[:_FIELDS]
    return tuple((safe_text(str(name), NAME_LIMIT), _direction(way)) for name, way in names)


def _written(pattern: str) -> Iterator[tuple[str, KeyDirection]]:
    for pair in pattern.split(",")[:_FIELDS]:
        name, _, way = pair.rpartition(":")
        if name:
            number = way.strip().lstrip("-").partition(".")[0].isdigit()
            direction = way.strip().strip("\"'")
            yield safe_text(name.strip().strip("\"'"), NAME_LIMIT), _sign(way) if number else safe_text(direction, 20)


def _direction(way: object) -> KeyDirection:
    if isinstance(way, Mapping):
        return safe_text(str(way.get("$meta", "?"))[:20])
    number = real(way)
    if number is None:
        return text(way, 20) or 1
    return -1 if number < 0 else 1


def _sign(way: str) -> int:
    return -1 if way.strip().startswith("-") else 1


def names_text(fields: object, limit: int = 12) -> str | None:
    """The names of the fields that a projection keeps or makes."""
    kept = [
        safe_text(str(name), 60) for name, how in list(as_document(fields).items())[:_ITEMS] if how not in (0, False)
    ]
    return ", ".join(kept[:limit]) + (", …" if len(kept) > limit else "") if kept else None


def seconds(moment: object) -> float:
    """Unix seconds of a BSON date as any of PyMongo's settings or extended JSON has it; 0 where there is none."""
    if isinstance(moment, Mapping):
        moment = moment.get("$date")
        moment = moment.get("$numberLong") if isinstance(moment, Mapping) else moment
    try:
        if isinstance(moment, str) and not moment.lstrip("-").isdigit():
            moment = datetime.fromisoformat(moment[:40])
        if isinstance(moment, datetime):
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        return (whole(int(moment)) or 0) / 1000  # type: ignore[call-overload]
    except (TypeError, ValueError, OverflowError):
        return 0.0
