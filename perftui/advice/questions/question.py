"""What a command asks of the indexes of one collection."""

from dataclasses import dataclass, field
from typing import Any, Literal

from perftui.advice.filters.tree import EVERYTHING, Node

SortPattern = tuple[tuple[str, int], ...]
Kind = Literal["find", "count", "distinct", "group", "write"]
"""`distinct` and `group` can skip from value to value; `count` needs no document; `write` always needs it."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Question:
    """One read of one collection by one command."""

    ns: str
    kind: Kind = "find"
    filter: Node = EVERYTHING
    sort: SortPattern = ()
    stop: int | None = None
    """Results after which it stops: limit and skip together."""
    needs: frozenset[str] | None = None
    """The fields that the answer is made of; `None`: whole documents."""
    distinct: str | None = None
    """The key whose values are asked for."""
    collation: str | None = None
    """Canonical extended JSON; `None`: the collection's own."""
    sorts_later: bool = False
    """A sort that no index can serve follows: it comes after computed fields."""
    join: "Join | None" = None
    """Asked once for each document of another question."""
    hint: str | None = None


@dataclass(frozen=True)
class Groups:
    """What a `$group` makes of the documents."""

    by: str | None
    """The field of which it makes a group for each value; `None` where that is computed."""
    most: int | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Join:
    """The foreign side of a `$lookup`: an equality of `field` with the values of the local side."""

    local: Question
    local_field: str | None
    field: str
    stage: str = "$lookup"
    hashed: bool = False
    """Without an index the server may read a small foreign collection once instead of once for each document."""
    groups: Groups | None = None
    """Groups are joined instead of the documents themselves."""
    most: int | None = None
    """A limit behind it needs no more joined documents."""


@dataclass(slots=True)
class Questions:
    """All that one command asks, the part of its role first, and what could not be read."""

    asked: dict[str, Question] = field(default_factory=dict)
    """By role: `main`, `lookup users.email`, `union archive`."""
    notes: list[str] = field(default_factory=list)
    hopeless: str | None = None
    """Why no index can help it at all, in one sentence."""

    def note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)

    def add(self, role: str, question: Question) -> None:
        self.asked.setdefault(role, question)


def sort_pattern(sort: Any) -> SortPattern | None:
    """Fields and directions; `None` for an order that no index has, such as the score of a text search."""
    pairs = list(sort.items()) if hasattr(sort, "items") else sort
    if not isinstance(pairs, list | tuple):
        return ()
    found: list[tuple[str, int]] = []
    for pair in pairs[:32]:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            return None
        way = direction(pair[1])
        if way is None:
            return None
        found.append((str(pair[0]), way))
    return tuple(found)


def direction(value: Any) -> int | None:
    """1 or -1 of a number, BSON's or extended JSON's."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("$numberInt", "$numberLong", "$numberDouble") if key in value), None)
    try:
        return None if value is None or isinstance(value, bool) else -1 if float(str(value)) < 0 else 1
    except ValueError:
        return None


def whole_number(value: Any) -> int | None:
    """A limit or a skip; `None` for none."""
    if isinstance(value, dict):
        value = next(iter(value.values()), None)
    try:
        number = abs(int(str(value).partition(".")[0]))
    except ValueError:
        return None
    return number or None


def included(projection: Any) -> frozenset[str] | None:
    """The fields of a projection that an index could cover; `None` for any other projection."""
    if not hasattr(projection, "items") or not projection:
        return None
    kept = {str(name) for name, how in projection.items() if _is_on(how)}
    dropped = {str(name) for name, how in projection.items() if _is_off(how)}
    if len(kept) + len(dropped) != len(projection) or not kept or dropped - {"_id"}:
        return None
    return frozenset(kept if dropped else kept | {"_id"})


def _is_on(how: Any) -> bool:
    if isinstance(how, bool | int | float):
        return bool(how)
    return direction(how) is not None and not _is_off(how)


def _is_off(how: Any) -> bool:
    if isinstance(how, bool | int | float):
        return not how
    return direction(how) is not None and whole_number(how) is None
