"""One question with the values of one execution, over the sampled documents."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from perftui.advice.costs.access import Access
from perftui.advice.costs.columns import Bits
from perftui.advice.costs.data import Data, Known
from perftui.advice.costs.shares import within
from perftui.advice.costs.spec import Spec
from perftui.advice.filters.bounds import Bounds, both, bounds_of
from perftui.advice.filters.bson_order import Fold
from perftui.advice.filters.matching import judged, matching
from perftui.advice.filters.tree import All, AnyOf, Element, Leaf, Node, Not, conjuncts, leaves, token_of
from perftui.advice.filters.tree import within as whole_path
from perftui.advice.questions.question import Question


@dataclass(frozen=True)
class Term:
    """A predicate on one path, and which part of the filter it comes from."""

    path: str
    node: Node
    part: int
    element: int | None = None
    """The `$elemMatch` that it stands in: its terms bound one element together."""
    negated: bool = False


class Instance:
    """What the simulation asks of it is computed once."""

    def __init__(
        self,
        question: Question,
        data: Data,
        *,
        collation: str | None = None,
        fold: Fold | None = None,
        times: float = 1.0,
    ) -> None:
        self.question = question
        self.data = data
        self.collation = collation
        self.fold = fold
        self.times = times
        """How often one execution of the command asks it."""
        self.answered: dict[Spec, Access | None] = {}
        """What each index alone costs it, kept by the planner."""
        self._bounds: dict[int, Bounds | None] = {}
        self._branches: dict[int, list[Instance]] = {}
        self._asking: dict[tuple[tuple[str, Any], ...], Instance] = {}

    @cached_property
    def parts(self) -> tuple[Node, ...]:
        return tuple(part for part in conjuncts(self.question.filter) if not (isinstance(part, All) and not part.parts))

    @cached_property
    def part_sets(self) -> tuple[Bits, ...]:
        """The documents that match each part."""
        return tuple(matching(self.data, part, self.fold) for part in self.parts)

    @cached_property
    def known(self) -> tuple[Known, ...]:
        """The same with the shares that they stand for."""
        return tuple(self._known(at) for at in range(len(self.parts)))

    def _known(self, at: int) -> Known:
        terms = [term for term in self.terms if term.part == at]
        bounds = self.bounds(terms[0]) if len(terms) == 1 and terms[0].element is None else None
        if bounds is None or bounds.check == "key" or bounds.full:
            return self.data.known(self.part_sets[at])
        share = within(self.data, self.data.column(terms[0].path, self.fold), bounds).share
        return self.data.known(self.part_sets[at], share)

    @cached_property
    def needed_kind(self) -> str | None:
        """`text` or `near`: the server answers it with an index of that kind only, or not at all."""
        found = (leaf.op for part in self.parts for leaf in leaves(part) if leaf.op in ("text", "near"))
        return next(found, None)

    @cached_property
    def matched(self) -> Bits:
        found = self.data.everything
        for each in self.part_sets:
            found &= each
        return found

    @cached_property
    def returned(self) -> float:
        """Documents of the whole collection that match, before any limit."""
        return self.data.estimate(self._by_path()) if self.parts else self.data.total

    def _by_path(self) -> Iterator[Known]:
        """Two bounds of one path are one range."""
        joined: set[int] = set()
        for path, terms in self.by_path.items():
            parts = [term.part for term in terms if term.element is None]
            column = self.data.column(path, self.fold)
            if len(parts) > 1 and not column.multikey:
                found = self._joint_bounds(terms)
                if found is not None:
                    joined.update(parts)
                    yield within(self.data, column, found)
        yield from (self.known[at] for at in range(len(self.parts)) if at not in joined)

    def _joint_bounds(self, terms: list[Term]) -> Bounds | None:
        found: Bounds | None = None
        for term in terms:
            bounds = self.bounds(term)
            if bounds is None or bounds.check != "none" or term.element is not None:
                return None
            found = bounds if found is None else both(found, bounds)
        return found

    @cached_property
    def terms(self) -> tuple[Term, ...]:
        found: list[Term] = []
        for at, part in enumerate(self.parts):
            found.extend(_terms(part, at))
        return tuple(found)

    @cached_property
    def by_path(self) -> dict[str, list[Term]]:
        found: dict[str, list[Term]] = {}
        for term in self.terms:
            found.setdefault(term.path, []).append(term)
        return found

    @cached_property
    def named(self) -> frozenset[str]:
        """Paths that it asks for, sorts by or reads."""
        question = self.question
        inside = {leaf.path for part in self.parts for leaf in leaves(part)}
        sorts = {path for path, _ in question.sort}
        return frozenset({*self.by_path, *inside, *sorts, *(question.needs or ()), question.distinct or ""})

    @cached_property
    def equal(self) -> frozenset[str]:
        """Paths that are bound to one value."""
        found = [term for term in self.terms if term.element is None]
        bounds = [(term.path, self.bounds(term)) for term in found]
        return frozenset(path for path, one in bounds if one is not None and one.points and len(one.intervals) == 1)

    @cached_property
    def judged(self) -> bool:
        """Whether the sample tells which documents match."""
        return all(judged(part) for part in self.parts)

    @cached_property
    def unions(self) -> tuple[int, ...]:
        """The parts that are an `$or`."""
        return tuple(at for at, part in enumerate(self.parts) if isinstance(part, AnyOf))

    @cached_property
    def token(self) -> object:
        """Equal for instances that cost the same with every index."""
        question = self.question
        return (token_of(question.filter), question.kind, question.sort, question.stop, question.needs, self.collation)

    def bounds(self, term: Term) -> Bounds | None:
        key = id(term)
        if key not in self._bounds:
            self._bounds[key] = bounds_of(term.node, self.fold)
        return self._bounds[key]

    def branches(self, union: int) -> "list[Instance]":
        """The branches of an `$or`, with all other parts pushed into each."""
        if union not in self._branches:
            others = [part for at, part in enumerate(self.parts) if at != union]
            nodes: Sequence[Node] = getattr(self.parts[union], "parts", ())
            self._branches[union] = [self._with(filter=All((*others, node))) for node in nodes]
        return self._branches[union]

    def asking(self, **changes: Any) -> "Instance":
        """The same filter with another sort or limit."""
        token = tuple(changes.items())
        if token not in self._asking:
            self._asking[token] = self._with(**changes)
        return self._asking[token]

    def _with(self, **changes: Any) -> "Instance":
        question = replace(self.question, **changes)
        return Instance(question, self.data, collation=self.collation, fold=self.fold, times=self.times)


def _terms(part: Node, at: int) -> Iterator[Term]:
    if isinstance(part, Leaf):
        yield Term(part.path, part, at)
    elif isinstance(part, Not) and isinstance(part.part, Leaf):
        yield Term(part.part.path, part, at, negated=True)
    elif isinstance(part, Element):
        for inner in conjuncts(part.inner):
            if isinstance(inner, Leaf):
                leaf = whole_path(part.path, inner)
                yield Term(leaf.path, leaf, at, element=at)
