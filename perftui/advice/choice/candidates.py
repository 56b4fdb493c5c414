"""The indexes worth trying for one question: equalities first, then every order of the rest that could pay."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from perftui.advice.choice.special_candidates import of_present, special_candidates
from perftui.advice.costs.instance import Instance, Term
from perftui.advice.costs.spec import Spec
from perftui.advice.filters.tree import Leaf, leaves
from perftui.model.index import KeyPattern

MOST_FIELDS = 8
_FREE_PARTS = 4
"""Ranges, lists and the sort that are tried in every order; of more only the narrowest."""
_COVERED_FIELDS = 4

Keys = KeyPattern


@dataclass(frozen=True)
class Roles:
    """What each field of the question is for."""

    equal: tuple[str, ...]
    lists: tuple[str, ...]
    ranges: tuple[str, ...]
    sort: Keys
    checked: tuple[str, ...]
    """Asked for inside of an `$or`: checked on the keys where the index holds them all."""
    shown: tuple[str, ...]
    """Only read, never asked for: an index with them needs no document."""
    upward: tuple[str, ...]
    """Ranges without an upper bound: where they follow the sort, its greatest values should come first."""

    def without(self, paths: Collection[str]) -> "Roles":
        """The same for fewer fields; an order that is not whole is none."""

        def kept(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(name for name in names if name not in paths)

        sort = () if any(path in paths for path, _ in self.sort) else self.sort
        return Roles(
            kept(self.equal), kept(self.lists), kept(self.ranges), sort, kept(self.checked), kept(self.shown),
            kept(self.upward),
        )  # fmt: skip


def roles_of(instance: Instance) -> Roles:
    """The narrowest first; a field of two roles has the first."""
    equal: list[str] = []
    lists: list[str] = []
    ranges: list[str] = []
    for path, terms in instance.by_path.items():
        kind = _kind(instance, terms)
        if kind is not None and path:
            {"equal": equal, "list": lists, "range": ranges}[kind].append(path)
    sort = tuple((path, way) for path, way in _sort_of(instance) if path not in equal)
    used = {*equal, *lists, *ranges, *(path for path, _ in sort)}
    checked = tuple(path for path in _checked(instance) if path not in used)
    used.update(checked)
    needs = instance.question.needs
    shown = () if needs is None or len(needs - used) > _COVERED_FIELDS else tuple(sorted(needs - used))
    width = _widths(instance)
    return Roles(
        tuple(sorted(equal, key=lambda path: (width[path], path))[:MOST_FIELDS]),
        tuple(sorted(lists, key=lambda path: (width[path], path))),
        tuple(sorted(ranges, key=lambda path: (width[path], path))),
        sort,
        checked,
        shown,
        tuple(path for path in ranges if _is_upward(instance, path)),
    )


def _is_upward(instance: Instance, path: str) -> bool:
    nodes = [term.node for term in instance.by_path[path]]
    return all(isinstance(node, Leaf) and node.op in ("gt", "gte") for node in nodes)


def _checked(instance: Instance) -> list[str]:
    """Only beside other conditions: a question that is all `$or` needs an index for each branch."""
    if not instance.unions or len(instance.unions) == len(instance.parts):
        return []
    paths = {leaf.path for union in instance.unions for leaf in leaves(instance.parts[union]) if leaf.path}
    return sorted(paths) if len(paths) <= _COVERED_FIELDS else []


def _sort_of(instance: Instance) -> Sequence[tuple[str, int]]:
    question = instance.question
    if question.distinct is not None and not question.sort:
        return ((question.distinct, 1),)
    return question.sort


def _kind(instance: Instance, terms: list[Term]) -> str | None:
    found = [bounds for term in terms if (bounds := instance.bounds(term)) is not None]
    if not found:
        return None
    if any(bounds.points and len(bounds.intervals) == 1 for bounds in found):
        return "equal"
    return "list" if any(bounds.points for bounds in found) else "range"


def _widths(instance: Instance) -> dict[str, int]:
    found: dict[str, int] = {}
    for term in instance.terms:
        count = instance.part_sets[term.part].bit_count()
        found[term.path] = min(count, found.get(term.path, count))
    return found


def candidates(instance: Instance) -> list[Spec]:
    """For one branch or a question without `$or`; equal ones once, in a fixed order."""
    roles = roles_of(instance)
    found: dict[Keys, None] = {}
    for one in _of_one_array(instance, roles):
        for keys in _orders(one):
            for each in (keys, _with(keys, one.checked), _with(keys, (*one.checked, *one.shown))):
                found[each] = None
    plain = [Spec(keys=keys, collation=instance.collation) for keys in found if _may(instance, keys)]
    return [*plain, *special_candidates(instance, roles.equal), *of_present(instance, plain)]


def _of_one_array(instance: Instance, roles: Roles) -> Iterator[Roles]:
    """No index holds two arrays: the fields of each of them with all that are none."""
    sorting = tuple(path for path, _ in roles.sort)
    paths = (*roles.equal, *roles.lists, *roles.ranges, *sorting, *roles.checked, *roles.shown)
    prefixes = {path: instance.data.column(path, instance.fold).prefix for path in paths}
    arrays = {prefix for prefix in prefixes.values() if prefix is not None}
    if len(arrays) < 2:
        yield roles
        return
    for array in sorted(arrays):
        yield roles.without({path for path, prefix in prefixes.items() if prefix in arrays - {array}})


def _with(keys: Keys, paths: Sequence[str]) -> Keys:
    held = {path for path, _ in keys}
    return (*keys, *((path, 1) for path in paths if path not in held))


def _may(instance: Instance, keys: Keys) -> bool:
    paths = [path for path, _ in keys]
    if not paths or paths == ["_id"] or len(paths) > MOST_FIELDS or not all(map(_is_field, paths)):
        return False
    return not instance.data.parallel_arrays(paths)


def _is_field(path: str) -> bool:
    return bool(path) and not path.startswith("$") and ".." not in path and not path.endswith(".")


def _orders(roles: Roles) -> Iterator[Keys]:
    equal: Keys = tuple((path, 1) for path in sorted(roles.equal))
    free = _free_parts(roles)
    for number in range(len(free) + 1):
        for chosen in permutations(free, number):
            yield from _joined(equal, chosen)
    if len(roles.equal) > 1:
        for path in roles.equal:
            yield ((path, 1),)
    if roles.sort and not equal:
        for path in roles.upward:
            yield from _joined((), (roles.sort, ((path, -1),)))


def _free_parts(roles: Roles) -> list[Keys]:
    sorting = {path for path, _ in roles.sort}
    room = _FREE_PARTS - (1 if roles.sort else 0)
    singles = [path for path in (*roles.lists, *roles.ranges) if path not in sorting][:room]
    parts: list[Keys] = [((path, 1),) for path in singles]
    parts.extend(((path, way),) for path, way in roles.sort if path in (*roles.lists, *roles.ranges))
    return [*parts[:_FREE_PARTS], *([roles.sort] if roles.sort else [])]


def _joined(equal: Keys, chosen: Sequence[Keys]) -> Iterator[Keys]:
    found: dict[str, int | str] = {}
    for path, way in (*equal, *(field for part in chosen for field in part)):
        found.setdefault(path, way)
    if found and len(found) <= MOST_FIELDS:
        yield tuple(found.items())


def leading_equalities(spec: Spec, equal: Collection[str]) -> int:
    """How many leading fields are equalities of the question: their order makes no difference to it."""
    for place, (path, _) in enumerate(spec.keys):
        if path not in equal:
            return place
    return len(spec.keys)


def reordered(spec: Spec, equal: Sequence[str], most: int = 4) -> Iterator[Spec]:
    """The same index with its leading equalities in every order."""
    run = leading_equalities(spec, equal)
    if run < 2 or run > most:
        yield spec
        return
    for head in permutations(spec.keys[:run]):
        yield Spec(
            keys=(*head, *spec.keys[run:]), sparse=spec.sparse, partial=spec.partial,
            partial_token=spec.partial_token, partial_filter=spec.partial_filter, collation=spec.collation,
            options=spec.options,
        )  # fmt: skip


def sameness(instance: Instance, spec: Spec) -> object | None:
    """Equal for indexes that cost the question the same; `None` where it cannot use the index.

    The order of leading equalities makes no difference, nor do fields at the end that it does not name.
    """
    named = instance.named
    if spec.special is None and spec.paths[0] not in named:
        return None
    run = leading_equalities(spec, instance.equal)
    end = len(spec.keys)
    while end > run and spec.paths[end - 1] not in named and not instance.data.column(spec.paths[end - 1]).multikey:
        end -= 1
    arrays = any(instance.data.column(path).multikey for path in spec.paths[:run])
    head = spec.keys[:run] if arrays else frozenset(spec.keys[:run])
    return (head, spec.keys[run:end], spec.sparse, spec.partial_token, spec.collation)
