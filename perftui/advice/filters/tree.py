"""A filter as a tree of conjunctions, disjunctions and leaves; bounded, and never surprised by what it is given."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from perftui.advice.filters.bson_order import Key


@dataclass(frozen=True, eq=False)
class Leaf:
    """One predicate on one path."""

    path: str
    op: str
    """eq, in, gt, gte, lt, lte, exists, regex, mod, size, type, geo, near, text, opaque, ..."""
    value: Any = None
    """As it was sent; for `in` a tuple."""
    options: str = ""
    """Flags of a regular expression; the kind of a geometry."""
    token: object = None
    """Equal for equal predicates."""
    from_expression: bool = False
    """Compares by `$expr`: an index on an array cannot serve it."""


@dataclass(frozen=True, eq=False)
class Element:
    """`$elemMatch`: one element of the array meets all of it. Paths inside start at the element; "" is itself."""

    path: str
    inner: "Node"
    token: object = None


@dataclass(frozen=True, eq=False)
class All:
    parts: tuple["Node", ...] = ()


@dataclass(frozen=True, eq=False)
class AnyOf:
    parts: tuple["Node", ...] = ()


@dataclass(frozen=True, eq=False)
class Not:
    part: "Node"


Node = Leaf | Element | All | AnyOf | Not
EVERYTHING = All()
_MOST_PATHS = 64


@dataclass(slots=True)
class Reading:
    """What a walk through a filter still may look at, and what it could not read."""

    left: int = 2000
    notes: list[str] = field(default_factory=list)
    paths: set[str] = field(default_factory=set)
    """Read so far."""

    def takes(self, path: str) -> bool:
        """Whether its conditions are read too: each path is costly to judge, and an index has 32 fields at most."""
        if len(self.paths) < _MOST_PATHS:
            self.paths.add(path)
        return path in self.paths

    def note(self, sentence: str) -> None:
        if sentence not in self.notes:
            self.notes.append(sentence)


def leaves(node: Node) -> Iterator[Leaf]:
    """All leaves, also those under negations; inside of an `$elemMatch` with whole paths."""
    if isinstance(node, Leaf):
        yield node
    elif isinstance(node, Element):
        for leaf in leaves(node.inner):
            yield within(node.path, leaf)
    elif isinstance(node, Not):
        yield from leaves(node.part)
    else:
        for part in node.parts:
            yield from leaves(part)


def within(path: str, leaf: Leaf) -> Leaf:
    """A leaf of an `$elemMatch` as one of the document."""
    whole = f"{path}.{leaf.path}" if leaf.path else path
    return Leaf(whole, leaf.op, leaf.value, leaf.options, leaf.token, leaf.from_expression)


def conjuncts(node: Node) -> Iterator[Node]:
    """The parts that must all hold."""
    if isinstance(node, All):
        for part in node.parts:
            yield from conjuncts(part)
    else:
        yield node


def token_of(node: Node) -> object:
    """Equal for filters that ask the same; hashable."""
    if isinstance(node, Leaf):
        return (node.path, node.op, node.token, node.options, node.from_expression)
    if isinstance(node, Element):
        return ("$elemMatch", node.path, token_of(node.inner))
    if isinstance(node, Not):
        return ("$not", token_of(node.part))
    return (type(node).__name__, *(token_of(part) for part in node.parts))


def all_of(parts: list[Node]) -> Node:
    return parts[0] if len(parts) == 1 else All(tuple(parts))


Interval = tuple[Key, bool, Key, bool]
"""From, whether itself, to, whether itself."""
