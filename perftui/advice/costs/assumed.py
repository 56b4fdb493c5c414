"""Documents made up from the commands, where none are known: they hold the values asked for, as often as was found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from perftui.advice.costs.data import Data
from perftui.advice.filters.bson_order import order_key
from perftui.advice.filters.tree import All, AnyOf, Element, Leaf, Node, Not, conjuncts, within
from perftui.advice.load import ShapeLoad
from perftui.advice.questions.question import Question

_DOCUMENTS = 1_000
_EQUAL, _BOOLEAN, _RANGE = 0.05, 0.5, 0.3
_MOST_VALUES = 500
Asked = Sequence[tuple[ShapeLoad, Question]]


@dataclass
class _Path:
    """What the commands say of one path."""

    equal: dict[object, Any] = field(default_factory=dict)
    bounds: list[Leaf] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    """Of the collection that one predicate on it left, as far as counts tell."""
    asked: int = 0


def assumed_data(asked: Asked, documents: int | None) -> Data:
    """As many documents as the longest scan read."""
    total = float(documents or max((_scanned(load) for load, _ in asked), default=0) or _DOCUMENTS)
    paths: dict[str, _Path] = {}
    for load, question in asked:
        _learn(load, question, total, paths)
    made = [_document(at, paths) for at in range(_DOCUMENTS)]
    return Data(made, max(total, _DOCUMENTS), whole=False)


def _scanned(load: ShapeLoad) -> float:
    return max(load.documents_examined or 0, load.keys_examined or 0)


def _learn(load: ShapeLoad, question: Question, total: float, paths: dict[str, _Path]) -> None:
    predicates = [leaf for leaf in _predicates(question.filter) if leaf.path]
    share = _share(load, question, total, len(predicates))
    for leaf in predicates:
        found = paths.setdefault(leaf.path, _Path())
        found.asked += 1
        if leaf.op in ("eq", "in"):
            values = leaf.value if leaf.op == "in" else (leaf.value,)
            found.equal.update({order_key(value): value for value in values[:_MOST_VALUES]})
        elif leaf.op in ("gt", "gte", "lt", "lte"):
            found.bounds.append(leaf)
        if share is not None:
            found.shares.append(share)
    if question.join is not None:
        paths.setdefault(question.join.field, _Path())
    for path, _ in question.sort:
        paths.setdefault(path, _Path())
    for path in sorted(question.needs or ()):
        paths.setdefault(path, _Path())


def _predicates(node: Node) -> Iterator[Leaf]:
    for part in conjuncts(node):
        if isinstance(part, Leaf):
            yield part
        elif isinstance(part, Not | Element):
            inner = part.part if isinstance(part, Not) else part.inner
            for leaf in _predicates(inner):
                yield within(part.path, leaf) if isinstance(part, Element) else leaf
        elif isinstance(part, AnyOf | All):
            for one in part.parts:
                yield from _predicates(one)


def _share(load: ShapeLoad, question: Question, total: float, number: int) -> float | None:
    """Each predicate is taken to leave the same share; what a limit cut off tells nothing."""
    if load.returned is None or question.stop is not None or not number or question.distinct is not None:
        return None
    return float(min(1.0, max(load.returned, 0.5) / max(total, 1.0)) ** (1 / number))


def _chance(*parts: object) -> float:
    """The same for the same parts, evenly between 0 and 1."""
    digest = blake2b(repr(parts).encode("utf-8", "replace"), digest_size=6).digest()
    return int.from_bytes(digest, "big") / 2**48


def _document(at: int, paths: Mapping[str, _Path]) -> dict[str, Any]:
    document: dict[str, Any] = {"_id": at}
    for path, known in paths.items():
        _put(document, path.split("."), _value(at, path, known))
    return document


def _put(document: dict[str, Any], names: list[str], value: Any) -> None:
    for name in names[:-1]:
        inner = document.setdefault(name, {})
        if not isinstance(inner, dict):
            return
        document = inner
    document.setdefault(names[-1], value)


def _value(at: int, path: str, known: _Path) -> Any:
    if known.bounds and (not known.equal or at % 2):
        return _around_bounds(at, path, known)
    if known.equal:
        return _among_equal(at, path, known)
    return int(_chance(at, path) * 1_000_000)


def _typical(shares: list[float], default: float) -> float:
    return sorted(shares)[len(shares) // 2] if shares else default


def _among_equal(at: int, path: str, known: _Path) -> Any:
    seen = list(known.equal.values())
    booleans = all(isinstance(value, bool) for value in seen)
    share = _typical(known.shares, _BOOLEAN if booleans else _EQUAL)
    if len(seen) > 0.8 * known.asked and known.asked >= 8:
        share = min(share, 1 / (4 * len(seen)))
    number = max(len(seen), 2, round(1 / max(share, 1e-6)))
    place = int(_chance(at, path) * number)
    if place < len(seen):
        return seen[place]
    return (not seen[0]) if booleans else _filler(seen[0], place)


def _filler(like: Any, place: int) -> Any:
    """Another value of the same type."""
    if isinstance(like, int | float) and not isinstance(like, bool):
        return like + 1_000_003 + place
    return f"{like}~{place}" if isinstance(like, str) else f"~{place}"


def _around_bounds(at: int, path: str, known: _Path) -> Any:
    leaf = known.bounds[int(_chance(at, path, "which") * len(known.bounds))]
    inside = _chance(at, path) < _typical(known.shares, _RANGE)
    upward = leaf.op in ("gt", "gte")
    return _moved(leaf.value, 1 + int(_chance(at, path, "by") * 1000), upward == inside)


def _moved(value: Any, by: int, up: bool) -> Any:
    sign = 1 if up else -1
    if isinstance(value, datetime):
        return value + sign * timedelta(minutes=by)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value + sign * by
    if isinstance(value, str):
        return f"{value}{by:04d}" if up else f"{value[:-1]}"
    return value
