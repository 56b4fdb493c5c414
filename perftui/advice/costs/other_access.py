"""Ways to answer that are no plain scan of one index: the collection itself, a union of indexes, distinct values."""

from collections.abc import Sequence

from perftui.advice.costs.access import Access
from perftui.advice.costs.columns import Bits, members
from perftui.advice.costs.data import Data
from perftui.advice.costs.existing import extends
from perftui.advice.costs.index_access import skipping
from perftui.advice.costs.index_bounds import Use, apply
from perftui.advice.costs.instance import Instance
from perftui.advice.costs.sort_service import order_given
from perftui.advice.costs.spec import Spec


def collection_scan(instance: Instance) -> Access:
    """Every document, unless enough are found before the end."""
    question = instance.question
    access = Access(documents=instance.data.total, returned=instance.returned)
    if question.sort:
        access.sorted, access.top = instance.returned, question.stop
    elif question.stop is not None and question.stop < instance.returned:
        access.documents = _until(instance, question.stop)
    if question.stop is not None:
        access.returned = min(access.returned, question.stop)
    return access


def _until(instance: Instance, stop: int) -> float:
    """Documents read until `stop` of them match."""
    data = instance.data
    if not instance.judged or not instance.matched:
        return min(data.total, stop * (data.total + 1) / (instance.returned + 1))
    if data.whole:
        return float(members(instance.matched)[stop - 1] + 1)
    return min(data.total, data.total * _place(data, instance.matched, stop / instance.returned))


def _place(data: Data, matched: Bits, share: float) -> float:
    """Where in the order of insertion this share of the matches is found, as a share of the collection."""
    places = sorted(data.insertion[at] for at in members(matched))
    wanted = share * len(places)
    at = int(wanted)
    before = places[at - 1] if at else 0
    after = places[at] if at < len(places) else data.size
    return (before + (after - before) * (wanted - at)) / data.size


def union_access(branches: Sequence[Access], instance: Instance) -> Access:
    """A document found by two branches is fetched once; what one of them must fetch, all of them do."""
    specs = tuple(dict.fromkeys(spec for branch in branches for spec in branch.specs))
    access = Access(specs, covered=all(branch.covered for branch in branches))
    access.keys = sum(branch.keys for branch in branches)
    access.returned = instance.returned
    access.works = access.keys + len(branches)
    fetched = sum(branch.returned if branch.covered else branch.documents for branch in branches)
    total = sum(branch.returned for branch in branches)
    access.documents = 0.0 if access.covered else fetched * min(1.0, access.returned / total) if total else fetched
    return access


def merged_union(branches: Sequence[Access], instance: Instance) -> Access | None:
    """Each branch gives the order up to the limit; the merge takes from each what comes next."""
    stop, total = instance.question.stop, sum(branch.returned for branch in branches)
    access = union_access(branches, instance)
    if stop is None or not total:
        return access
    share = min(1.0, stop / total)
    access.keys = sum(max(1.0, branch.keys * share) for branch in branches)
    access.documents = min(access.documents, max(float(stop), access.documents * share))
    access.works = access.keys + stop
    access.returned = min(access.returned, stop)
    return access


def distinct_access(instance: Instance, spec: Spec) -> Access | None:
    """The index skips from value to value; `None` where it cannot."""
    key = instance.question.distinct
    if key is None or spec.special is not None or key not in spec.paths:
        return None
    if not instance.parts:
        return _whole_distinct(instance, spec, key)
    use = apply(instance, spec)
    if use is None or use.residual or use.key_sets or not use.fields[0].bounded:
        return None
    place = spec.paths.index(key)
    if use.fields[place].column.multikey or (instance.question.kind == "group" and not _grouped(instance, use, place)):
        return None
    return _fetching(instance, spec, _skipping(instance, use, place))


def _grouped(instance: Instance, use: Use, place: int) -> bool:
    """A group needs its key's values next to each other, and its documents in their order."""
    if use.multikey or not all(field.single for field in use.fields[:place]):
        return False
    return not instance.question.sort or order_given(instance, use) is not None


def _fetching(instance: Instance, spec: Spec, access: Access) -> Access:
    """A group takes one document of each value, unless the index holds all that it needs."""
    needs = instance.question.needs
    if instance.question.kind == "group" and (needs is None or not needs <= set(spec.paths)):
        access.documents, access.covered = access.returned, False
    return access


def _whole_distinct(instance: Instance, spec: Spec, key: str) -> Access | None:
    """Without a filter only an index that begins with the key, and with the sort of a group, serves."""
    if spec.sparse or spec.partial is not None or spec.paths[0] != key or spec.collation != instance.collation:
        return None
    if not extends(spec.keys, instance.question.sort):
        return None
    column = instance.data.column(key, instance.fold)
    if column.multikey and instance.question.kind == "group":
        return None
    number = column.expected_distinct(instance.data.total)
    return _fetching(instance, spec, Access((spec,), keys=number, returned=number, covered=True, works=number))


def _skipping(instance: Instance, use: Use, place: int) -> Access:
    """One key for each combination of values up to the key asked for, and those outside of the bounds."""
    number, keys = skipping(instance, use, place)
    return Access((use.spec,), keys=keys, returned=number, covered=True, works=keys)
