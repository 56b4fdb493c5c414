"""Indexes that hold no order of values: text, points on the sphere or the plane, hashes."""

from perftui.advice.costs.access import Access
from perftui.advice.costs.data import Known
from perftui.advice.costs.instance import Instance
from perftui.advice.costs.spec import Spec
from perftui.advice.filters.tree import Leaf, leaves

_CELLS, _CELL_SEEKS = 1.3, 12.0
"""Keys of the cells that cover an area, for each document in it, and one more for each cell."""
_NEAR_FACTOR = 4.5
"""A search for the nearest reads rings around the point until they hold enough."""


def special_access(instance: Instance, spec: Spec) -> Access | None:
    """`None` where this index does not serve the question."""
    if spec.partial is not None:
        return None
    if spec.special == "hashed":
        return _hashed(instance, spec)
    if spec.special == "text":
        return _text(instance, spec)
    if spec.special in ("2dsphere", "2d"):
        return _geo(instance, spec)
    return _wildcard(instance, spec) if spec.special == "wildcard" else None


def _hashed(instance: Instance, spec: Spec) -> Access | None:
    terms = [term for term in instance.by_path.get(spec.paths[0], ()) if isinstance(term.node, Leaf)]
    equal = [term for term in terms if isinstance(term.node, Leaf) and term.node.op in ("eq", "in")]
    if not equal or spec.keys[0][1] != "hashed":
        return None
    return _by_sets(instance, spec, [instance.known[equal[0].part]], 1.0)


def _wildcard(instance: Instance, spec: Spec) -> Access | None:
    base = spec.paths[0].removesuffix("$**")
    for term in instance.terms:
        bounds = instance.bounds(term)
        if bounds is not None and not bounds.full and term.path.startswith(base):
            return _by_sets(instance, spec, [instance.known[term.part]], 1.0)
    return None


def _text(instance: Instance, spec: Spec) -> Access | None:
    searched = [
        instance.known[at] for at, part in enumerate(instance.parts) if any(leaf.op == "text" for leaf in leaves(part))
    ]
    before, after = _around(instance, spec, "text")
    return None if before is None or not searched else _by_sets(instance, spec, [*before, *searched], 1.0, after)


def _geo(instance: Instance, spec: Spec) -> Access | None:
    path = next(path for path, kind in spec.keys if kind in ("2dsphere", "2d"))
    terms = [term for term in instance.by_path.get(path, ()) if isinstance(term.node, Leaf)]
    wanted = [term for term in terms if isinstance(term.node, Leaf) and term.node.op in ("geo", "near")]
    if not wanted or (wanted[0].node.options == "2d") != (spec.special == "2d"):  # type: ignore[union-attr]
        return None
    before, after = _around(instance, spec, spec.special or "")
    if before is None:
        return None
    near = any(isinstance(term.node, Leaf) and term.node.op == "near" for term in wanted)
    area = [instance.known[term.part] for term in wanted]
    access = _by_sets(instance, spec, [*before, *area], _NEAR_FACTOR if near else _CELLS, after, ordered=near)
    access.keys += _CELL_SEEKS
    return access


Sets = list[Known]


def _around(instance: Instance, spec: Spec, kind: str) -> tuple[Sets | None, Sets]:
    """What the fields before the special one narrow down, `None` where one has no equality; and those after it."""
    before: Sets = []
    after: Sets = []
    seen = False
    for path, way in spec.keys:
        if way == kind:
            seen = True
            continue
        sets = [instance.known[term.part] for term in instance.by_path.get(path, ()) if _narrows(term.node, seen)]
        if seen:
            after.extend(sets)
        elif sets:
            before.extend(sets)
        elif kind == "text" or path == spec.paths[0]:
            return None, after
    return before, after


def _narrows(node: object, seen: bool) -> bool:
    return isinstance(node, Leaf) and (node.op == "eq" or (seen and node.op not in ("text", "geo", "near")))


def _by_sets(
    instance: Instance, spec: Spec, sets: Sets, factor: float, after: Sets | None = None, *, ordered: bool = False
) -> Access:
    data, question = instance.data, instance.question
    keys = data.estimate(sets) * factor
    fetched = min(keys, data.estimate([*sets, *(after or [])]) * factor)
    access = Access((spec,), keys=keys, documents=fetched, returned=instance.returned)
    if question.sort and not ordered:
        access.sorted, access.top = instance.returned, question.stop
    elif question.stop is not None and question.stop < instance.returned:
        share = question.stop / instance.returned
        access.keys, access.documents = keys * share, fetched * share
    if question.stop is not None:
        access.returned = min(question.stop, instance.returned)
    access.works = access.keys
    return access
