"""Which way the server would take with the indexes that are there: what its trial of plans prefers."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from perftui.advice.costs.access import Access, times
from perftui.advice.costs.index_access import index_access
from perftui.advice.costs.index_bounds import apply
from perftui.advice.costs.instance import Instance
from perftui.advice.costs.other_access import collection_scan, distinct_access, merged_union, union_access
from perftui.advice.costs.sort_service import MERGED_SCANS, merged_scans, order_given
from perftui.advice.costs.spec import Spec
from perftui.advice.costs.special_access import special_access

_DEPTH = 3
_HASHED_DOCUMENTS = 10_000
"""The server's own limit for a join without an index that reads the foreign collection once."""
_KINDS = {"text": ("text",), "near": ("2dsphere", "2d")}


def planned(instance: Instance, specs: Sequence[Spec]) -> Access:
    """The way that the server takes; a scan of the collection where no index applies."""
    found = answers(instance, specs)
    if found:
        return preferred(found)
    access = collection_scan(instance)
    access.fails = instance.needed_kind is not None
    return access if _hashes(instance) else _scaled(instance, access)


def _hashes(instance: Instance) -> bool:
    """Whether the server reads a joined collection once, into a hash table."""
    join = instance.question.join
    return join is not None and join.hashed and instance.data.total <= _HASHED_DOCUMENTS


def answers(instance: Instance, specs: Sequence[Spec], depth: int = 0) -> list[Access]:
    """All ways through indexes that the planner would try; `specs` in the order of their creation.

    The first index that can skip from value to value is taken, whatever others could do.
    """
    if instance.question.distinct is not None:
        skipping = [access for spec in specs if (access := distinct_access(instance, spec)) is not None]
        if skipping:
            return [_scaled(instance, skipping[0])]
    unions = _unions(instance, specs, depth)
    if unions and len(instance.parts) == 1 and _by_branches(instance, specs, depth):
        return unions
    found = [access for spec in specs if (access := one_answer(instance, spec)) is not None]
    return _without_needless_orders(instance, [*found, *unions])


def _by_branches(instance: Instance, specs: Sequence[Spec], depth: int) -> bool:
    """Where all of the filter is one `$or` its branches are planned apart, and nothing else is tried.

    Unless a branch does best by an index that gives nothing but its order: then all ways are tried.
    """
    if not instance.question.sort:
        return True
    branches = [branch.asking(stop=None) for branch in instance.branches(instance.unions[0])]
    best = [preferred(found) for branch in branches if (found := answers(branch, specs, depth + 1))]
    return not any(_for_order_only(branch, way) for branch, way in zip(branches, best, strict=True))


def one_answer(instance: Instance, spec: Spec) -> Access | None:
    """Through this index alone; simulated once for each instance."""
    if spec not in instance.answered:
        instance.answered[spec] = _answer(instance, spec)
    return instance.answered[spec]


def _answer(instance: Instance, spec: Spec) -> Access | None:
    if instance.needed_kind is not None and spec.special not in _KINDS[instance.needed_kind]:
        return None
    if instance.question.distinct is not None and (skipping := distinct_access(instance, spec)) is not None:
        return _scaled(instance, skipping)
    access = special_access(instance, spec) if spec.special is not None else index_access(instance, spec)
    return None if access is None else _scaled(instance, access)


def preferred(found: Iterable[Access]) -> Access:
    """The first to finish the trial; of equals one that fetches nothing, one that sorts nothing, the oldest index."""
    return min(found, key=_trial)


def _trial(access: Access) -> tuple[float, bool, bool]:
    return (round(access.works), not access.covered, access.blocking)


def _scaled(instance: Instance, access: Access) -> Access:
    return access if instance.times == 1 else times(access, instance.times)


def _unions(instance: Instance, specs: Sequence[Spec], depth: int) -> list[Access]:
    if depth >= _DEPTH:
        return []
    found: list[Access] = []
    for union in instance.unions:
        access = _union(instance, instance.branches(union), specs, depth)
        if access is not None:
            found.append(access)
    return found


def _union(instance: Instance, branches: list[Instance], specs: Sequence[Spec], depth: int) -> Access | None:
    unlimited = [branch.asking(stop=None, distinct=None) for branch in branches]
    if instance.question.sort:
        ordered = _in_order(unlimited, specs)
        if ordered is not None:
            return merged_union(ordered, instance)
    chosen: list[Access] = []
    for branch in unlimited:
        found = answers(branch.asking(sort=()), specs, depth + 1)
        if not found:
            return None
        chosen.append(preferred(found))
    access = union_access(chosen, instance)
    question = instance.question
    if question.sort:
        access.sorted, access.top = instance.returned, question.stop
        if question.stop is not None and all(map(_sorts_keys, unlimited, chosen)):
            access.documents = min(access.documents, question.stop)
    elif question.stop is not None and question.stop < access.returned:
        share = question.stop / access.returned
        access.keys, access.documents = access.keys * share, access.documents * share
    return access


def _sorts_keys(branch: Instance, access: Access) -> bool:
    """Whether its index holds what is sorted by: where all do, only what is returned is fetched."""
    use = apply(branch, access.specs[0]) if len(access.specs) == 1 else None
    if use is None or use.residual:
        return False
    held = {field.path for field in use.fields if not field.column.multikey}
    return all(path in held for path, _ in branch.question.sort)


def _in_order(branches: Sequence[Instance], specs: Sequence[Spec]) -> list[Access] | None:
    """What gives each branch the order, so that the server merges them.

    Each does it by one scan, or each by scans for all values of its leading fields, but not some so and others so.
    """
    ordered = [list(_ordered(branch, specs)) for branch in branches]
    single = [[way.access for way in ways if way.single] for ways in ordered]
    if all(single):
        return [min(ways, key=_cost) for ways in single]
    merged = [[way for way in ways if way.scans] for ways in ordered]
    if not all(merged):
        return None
    chosen = [min(ways, key=lambda way: way.access.cost) for ways in merged]
    return [way.access for way in chosen] if sum(way.scans for way in chosen) <= MERGED_SCANS else None


class _Way(NamedTuple):
    """An index that gives a branch its order."""

    access: Access
    single: bool
    """One scan does."""
    scans: int
    """Scans for all values of the leading fields, in the order of the whole sort; 0 where they do not give it."""


def _ordered(branch: Instance, specs: Sequence[Spec]) -> Iterator[_Way]:
    for spec in specs:
        use = apply(branch, spec)
        if use is None or not use.fields[0].bounded:
            continue
        given, access = order_given(branch, use), one_answer(branch, spec)
        if given is not None and access is not None:
            yield _Way(access, not given.merged, merged_scans(use, branch.question.sort))


def _cost(access: Access) -> float:
    return access.cost


def _without_needless_orders(instance: Instance, found: list[Access]) -> list[Access]:
    """An index without a predicate on its first field is tried only where no other way gives the order."""
    if not instance.question.sort:
        return found
    bounded = [access for access in found if not _for_order_only(instance, access)]
    if any(not access.blocking for access in bounded):
        return bounded
    return found


def _for_order_only(instance: Instance, access: Access) -> bool:
    return len(access.specs) == 1 and access.specs[0].paths[0] not in instance.by_path
