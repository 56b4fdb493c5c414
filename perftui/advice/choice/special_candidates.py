"""Candidates that are no plain index: sparse, partial, text and places."""

from collections.abc import Iterator, Sequence

from perftui.advice.costs.instance import Instance
from perftui.advice.costs.spec import Spec
from perftui.advice.costs.text_search import text_fields
from perftui.advice.filters.implication import needs_field
from perftui.advice.filters.tree import Leaf, Node, token_of
from perftui.advice.words.mongosh import plain_value

_SPARSE_SHARE = 0.5
"""A field that fewer documents have is worth an index of those alone."""


def special_candidates(instance: Instance, equal: Sequence[str]) -> Iterator[Spec]:
    """Of text and of places; a question has one of them at most."""
    if instance.needed_kind == "text":
        fields = instance.data.searched or text_fields(instance.data.documents)
        if fields:
            yield Spec(keys=tuple((path, "text") for path in fields))
        return
    geo = next(
        (term.node for term in instance.terms if isinstance(term.node, Leaf) and term.node.op in ("geo", "near")), None
    )
    if isinstance(geo, Leaf) and geo.path:
        yield from _places(geo, equal)


def _places(geo: Leaf, equal: Sequence[str]) -> Iterator[Spec]:
    place = (geo.path, geo.options)
    yield Spec(keys=(place,))
    head = tuple((path, 1) for path in sorted(equal))[:3]
    if head and geo.options == "2dsphere":
        yield Spec(keys=(*head, place))
    if head:
        yield Spec(keys=(place, *head[:1])) if geo.options == "2d" else Spec(keys=(place, *head))


def of_present(instance: Instance, plain: Sequence[Spec]) -> Iterator[Spec]:
    """For fields that must exist and that few documents have: a sparse index, or a partial one over other fields."""
    for path in _rare(instance):
        yield Spec(keys=((path, 1),), sparse=True, collation=instance.collation)
        partial = {path: {"$exists": True}}
        node: Node = Leaf(path, "exists", True)
        for spec in plain:
            if spec.paths[0] != path or len(spec.paths) > 1:
                yield Spec(
                    keys=spec.keys, partial=node, partial_token=token_of(node), partial_filter=partial,
                    collation=spec.collation,
                )  # fmt: skip


def _rare(instance: Instance) -> list[str]:
    found: list[str] = []
    for path, terms in instance.by_path.items():
        asked = any(needs_field(term.node) for term in terms)
        if asked and path != "_id" and not any(term.element is not None for term in terms):
            missing = instance.data.column(path, instance.fold).missing.bit_count()
            if missing > (1 - _SPARSE_SHARE) * instance.data.size:
                found.append(path)
    return found


def of_constants(instances: Sequence[Instance], plain: Sequence[Spec]) -> Iterator[Spec]:
    """A partial index where all executions ask the same of a field, and few documents answer to it."""
    for leaf in _constants(instances):
        partial = {leaf.path: {_OPERATORS[leaf.op]: plain_value(leaf.value)}}
        for spec in plain:
            keys = tuple((path, way) for path, way in spec.keys if path != leaf.path)
            if keys:
                yield Spec(
                    keys=keys, partial=leaf, partial_token=token_of(leaf), partial_filter=partial,
                    collation=spec.collation,
                )  # fmt: skip


_OPERATORS = {"eq": "$eq", "gt": "$gt", "gte": "$gte", "lt": "$lt", "lte": "$lte"}
_LEAST_EXECUTIONS, _SELECTIVE = 3, 0.2


def _constants(instances: Sequence[Instance]) -> list[Leaf]:
    if len(instances) < _LEAST_EXECUTIONS:
        return []
    first = instances[0]
    found = [
        part
        for at, part in enumerate(first.parts)
        if isinstance(part, Leaf) and part.op in _OPERATORS and part.path != "_id" and not part.from_expression
        and part.value is not None and not isinstance(part.value, list | tuple | dict)
        and first.part_sets[at].bit_count() <= _SELECTIVE * first.data.size
    ]  # fmt: skip
    tokens = [{token_of(part) for part in instance.parts} for instance in instances]
    return [leaf for leaf in found if all(token_of(leaf) in each for each in tokens)]
