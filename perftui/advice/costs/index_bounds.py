"""What one index can do for one question: bounds on its fields, and what remains to be checked."""

from dataclasses import dataclass

from perftui.advice.costs.columns import Column
from perftui.advice.costs.data import Known
from perftui.advice.costs.instance import Instance, Term
from perftui.advice.costs.shares import within
from perftui.advice.costs.spec import Spec
from perftui.advice.filters.bounds import FULL, Bounds, both, bounds_of
from perftui.advice.filters.bson_order import STRING
from perftui.advice.filters.matching import matching
from perftui.advice.filters.tree import AnyOf, Leaf, Node, Not, leaves

_OPEN = Bounds(FULL)


@dataclass(frozen=True)
class Field:
    """One field of the index with its bounds."""

    path: str
    direction: int
    bounds: Bounds
    column: Column
    bounded: bool
    """A predicate stands behind the bounds, even one that leaves them open."""

    @property
    def single(self) -> bool:
        """Bound to one value."""
        return self.bounds.points and len(self.bounds.intervals) == 1


@dataclass(frozen=True)
class Use:
    """An index applied to a question."""

    spec: Spec
    fields: tuple[Field, ...]
    bound_sets: tuple[Known, ...]
    """The documents within the bounds of each bounded field, and those that the index holds at all."""
    key_sets: tuple[Known, ...]
    """Those that pass what is checked on the keys."""
    residual: bool
    """Whether documents must be fetched to check the rest of the filter."""
    multikey: bool


def apply(instance: Instance, spec: Spec) -> Use | None:
    """`None` where the planner would not use the index for this filter or this sort."""
    if spec.special is not None or not _holds_all(instance, spec):
        return None
    columns = [instance.data.column(path, instance.fold) for path, _ in spec.keys]
    chosen = _choose_terms(instance, spec, columns)
    if not chosen[0]:
        return _for_order(instance, spec, columns) if _orders(instance, spec) else None
    fields: list[Field] = []
    bound_sets: list[Known] = list(_held(instance, spec))
    key_sets: list[Known] = []
    done: set[int] = set()
    for (path, way), column, terms in zip(spec.keys, columns, chosen, strict=True):
        bounds = _bounds(instance, terms)
        fields.append(Field(path, int(way), bounds, column, bool(terms)))
        if not bounds.full:
            bound_sets.append(within(instance.data, column, bounds))
        for term in terms:
            if _finished(instance, term, spec, columns, key_sets):
                done.add(term.part)
    if not any(column.multikey for column in columns):
        done.update(_on_keys(instance, spec, done, key_sets))
    residual = any(at not in done and not _covered_part(instance, spec, at) for at in range(len(instance.parts)))
    multikey = any(column.multikey for column in columns)
    return Use(spec, tuple(fields), tuple(bound_sets), tuple(key_sets), residual, multikey)


def _for_order(instance: Instance, spec: Spec, columns: list[Column]) -> Use:
    """Tried for its order only, it is read from end to end, and the filter waits for the documents."""
    fields = tuple(
        Field(path, int(way), _OPEN, column, False) for (path, way), column in zip(spec.keys, columns, strict=True)
    )
    multikey = any(column.multikey for column in columns)
    return Use(spec, fields, tuple(_held(instance, spec)), (), bool(instance.parts), multikey)


def _covered_part(instance: Instance, spec: Spec, at: int) -> bool:
    """A part that the index's own filter already guarantees."""
    from perftui.advice.filters.tree import token_of

    return spec.partial is not None and token_of(instance.parts[at]) == token_of(spec.partial)


def _held(instance: Instance, spec: Spec) -> list[Known]:
    """The documents that the index holds, where these are not all."""
    held: list[Known] = []
    if spec.partial is not None:
        held.append(instance.data.known(matching(instance.data, spec.partial, instance.fold)))
    if spec.sparse:
        missing = instance.data.everything
        for path in spec.paths:
            missing &= instance.data.column(path, instance.fold).missing
        held.append(instance.data.known(instance.data.everything & ~missing))
    return held


def _holds_all(instance: Instance, spec: Spec) -> bool:
    """Whether every document that can match is in the index."""
    if spec.partial is not None:
        from perftui.advice.filters.implication import implied

        return implied(instance, spec.partial)
    return True


def _orders(instance: Instance, spec: Spec) -> bool:
    """An index without a predicate on its first field is tried for its order only."""
    sort = instance.question.sort
    if spec.sparse or spec.partial is not None:
        return bool(sort) and spec.partial is not None and spec.paths[0] == sort[0][0]
    return bool(sort) and spec.paths[0] == sort[0][0] and spec.collation == instance.collation


def _choose_terms(instance: Instance, spec: Spec, columns: list[Column]) -> list[list[Term]]:
    """For each field the terms that bound it together."""
    chosen: list[list[Term]] = []
    groups: dict[str, int | None] = {}
    for path, column in zip(spec.paths, columns, strict=True):
        terms = [term for term in instance.by_path.get(path, ()) if _usable(instance, term, spec)]
        if column.prefix is not None:
            terms = _of_one_element(instance, terms, column, groups)
        chosen.append(terms)
    return chosen


def _of_one_element(instance: Instance, terms: list[Term], column: Column, groups: dict[str, int | None]) -> list[Term]:
    """On an array two bounds can be met by two elements: only one counts, unless an `$elemMatch` joins them."""
    prefix = column.prefix or ""
    if prefix in groups:
        group = groups[prefix]
        return [term for term in terms if group is not None and term.element == group]
    if not terms:
        return terms
    best = min(terms, key=lambda term: (_width(instance, term, column), term.part))
    groups[prefix] = best.element
    return [term for term in terms if best.element is not None and term.element == best.element] or [best]


def _width(instance: Instance, term: Term, column: Column) -> int:
    bounds = instance.bounds(term)
    intervals = bounds.intervals if bounds is not None else ()
    return sum(column.entries_in(column.ranks_of(interval)) for interval in intervals)


def _usable(instance: Instance, term: Term, spec: Spec) -> bool:
    bounds = instance.bounds(term)
    if bounds is None:
        return False
    if spec.sparse and _may_miss(term.node):
        return False
    if term.negated and bounds.null_gap and instance.data.column(term.path).multikey:
        return False
    if isinstance(term.node, Leaf) and term.node.from_expression and instance.data.column(term.path).multikey:
        return False
    return spec.collation == instance.collation or not _compares_text(bounds)


def _is_null(node: Node) -> bool:
    """A count may take null for missing."""
    if not isinstance(node, Leaf) or node.op not in ("eq", "in", "gte", "lte"):
        return False
    values = node.value if node.op == "in" else (node.value,)
    return not any(isinstance(value, list | tuple) for value in values)


def _may_miss(node: Node) -> bool:
    """Whether a document without the field can match."""
    if isinstance(node, Not):
        return not (isinstance(node.part, Leaf) and node.part.op == "eq" and node.part.value is None)
    values = node.value if isinstance(node, Leaf) and node.op == "in" else (getattr(node, "value", 0),)
    return isinstance(node, Leaf) and node.op in ("eq", "in") and any(value is None for value in values)


def _compares_text(bounds: Bounds) -> bool:
    return any(low[0] <= STRING + 10 and high[0] >= STRING for low, _, high, _ in bounds.intervals)


def _bounds(instance: Instance, terms: list[Term]) -> Bounds:
    found = _OPEN
    for at, term in enumerate(terms):
        bounds = instance.bounds(term)
        if bounds is not None:
            found = bounds if at == 0 else both(found, bounds)
    return found


def _finished(instance: Instance, term: Term, spec: Spec, columns: list[Column], key_sets: list[Known]) -> bool:
    """Whether nothing of the term's part is left for the document; what the key shows is put among `key_sets`."""
    bounds = instance.bounds(term)
    arrays = any(one.multikey for one in columns)
    column = columns[spec.paths.index(term.path)]
    if bounds is None or term.element is not None or (column.multikey and term.negated):
        return False
    if bounds.check == "none" or (instance.question.kind == "count" and _is_null(term.node) and not arrays):
        return True
    if spec.sparse and isinstance(term.node, Leaf) and term.node.op == "exists":
        return True
    if bounds.check == "key" and not arrays:
        key_sets.append(instance.known[term.part])
        return True
    return False


def _on_keys(instance: Instance, spec: Spec, done: set[int], key_sets: list[Known]) -> set[int]:
    """The `$or`s and negations that are checked on the keys: where the index holds all that is left to check."""
    left = [at for at in range(len(instance.parts)) if at not in done and not _covered_part(instance, spec, at)]
    if not all(_seen_on_keys(instance, spec, instance.parts[at]) for at in left):
        return set()
    key_sets.extend(instance.known[at] for at in left)
    return set(left)


def _seen_on_keys(instance: Instance, spec: Spec, part: Node) -> bool:
    if not isinstance(part, AnyOf | Not) or (isinstance(part, Not) and isinstance(part.part, Leaf)):
        return False
    bounds = [bounds_of(leaf, instance.fold) if leaf.path in spec.paths else None for leaf in leaves(part)]
    return all(one is not None and one.check != "document" for one in bounds)
