"""Whether a question can only match documents that a partial index holds."""

from perftui.advice.costs.instance import Instance
from perftui.advice.filters.bounds import Bounds, bounds_of, intersect
from perftui.advice.filters.tree import Leaf, Node, Not, conjuncts, token_of


def implied(instance: Instance, partial: Node) -> bool:
    """Each condition of the partial filter follows from one of the question's; `False` when in doubt."""
    tokens = {token_of(part) for part in instance.parts}
    return all(token_of(part) in tokens or _follows(instance, part) for part in conjuncts(partial))


def _follows(instance: Instance, wanted: Node) -> bool:
    if not isinstance(wanted, Leaf):
        return False
    terms = [term for term in instance.by_path.get(wanted.path, ()) if term.element is None]
    if wanted.op == "exists":
        return any(not _matches_missing(term.node) for term in terms)
    limits = bounds_of(wanted, instance.fold)
    return limits is not None and any(
        bounds is not None and _inside(bounds, limits) for bounds in map(instance.bounds, terms)
    )


def _inside(bounds: Bounds, limits: Bounds) -> bool:
    return bounds.check == "none" and intersect(bounds.intervals, limits.intervals) == bounds.intervals


def _matches_missing(node: Node) -> bool:
    if isinstance(node, Not):
        return not (isinstance(node.part, Leaf) and takes_null(node.part))
    if isinstance(node, Leaf) and node.op in ("eq", "in"):
        return takes_null(node)
    return not isinstance(node, Leaf) or node.op in ("opaque", "size")


def takes_null(leaf: Leaf) -> bool:
    """An equality with null, alone or among others."""
    values = leaf.value if leaf.op == "in" else (leaf.value,)
    return leaf.op in ("eq", "in") and any(value is None for value in values)


def needs_field(node: Node) -> bool:
    """Whether it asks for nothing more than that the field is there."""
    if isinstance(node, Not):
        return isinstance(node.part, Leaf) and node.part.op == "eq" and node.part.value is None
    return isinstance(node, Leaf) and node.op == "exists"
