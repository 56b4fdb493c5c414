"""All indexes of up to four of the fields that a command touches, without those that others equal for sure."""

from collections.abc import Iterator, Sequence
from itertools import pairwise, permutations

from .fields import Touched
from .workload import IndexSpec, frozen

LONGEST = 4
_Keys = tuple[tuple[str, int | str], ...]


def candidates(one: Touched) -> list[IndexSpec]:
    """Shortest first; of three fields at most where there are more than four, since `longer` makes the rest."""
    options = (("collation", frozen(one.collation)),) if one.collation else ()
    plain = [IndexSpec(one.collection, keys, options) for keys in _plain(one)]
    special = [IndexSpec(one.collection, keys, options) for keys in _geo(one)]
    return [*plain, *special, *_of_present(one, plain)]


def longer(one: Touched, index: IndexSpec) -> Iterator[IndexSpec]:
    """Of four fields, for a command of more than four, from one of the best of three."""
    directions = dict(one.sort)
    needed = _needed(one)
    if len(needed) > LONGEST and len(index.keys) == LONGEST - 1:
        for path in needed:
            order = (*(known for known, _ in index.keys), path)
            if path not in order[:-1] and _sensible(order, one):
                yield IndexSpec(index.collection, (*index.keys, (path, directions.get(path, 1))), index.options)


def reordered(index: IndexSpec, equal: Sequence[str]) -> Iterator[IndexSpec]:
    """The same index with its leading equalities in every other order, which makes no difference to its shape."""
    run = leading_equalities(index, equal)
    if 2 <= run <= 3:
        for head in permutations(index.keys[:run]):
            yield IndexSpec(index.collection, (*head, *index.keys[run:]), index.options)
    else:
        yield index


def mirrored(index: IndexSpec) -> IndexSpec:
    """Read backwards it is the same index, but for the order of entries that tie."""
    keys = tuple((path, -direction if isinstance(direction, int) else direction) for path, direction in index.keys)
    return IndexSpec(index.collection, keys, index.options)


def leading_equalities(index: IndexSpec, equal: Sequence[str]) -> int:
    return next((place for place, (path, _) in enumerate(index.keys) if path not in equal), len(index.keys))


def same_for(index: IndexSpec, equal: Sequence[str]) -> tuple[object, ...]:
    """Two indexes with the same value cost a shape the same."""
    run = leading_equalities(index, equal)
    return index.collection, frozenset(index.keys[:run]), index.keys[run:], index.options


def _plain(one: Touched) -> Iterator[_Keys]:
    directions = dict(one.sort)
    needed = _needed(one)
    longest = LONGEST if len(needed) <= LONGEST else LONGEST - 1
    for length in range(1, min(longest, len(needed)) + 1):
        for order in permutations(needed, length):
            if _sensible(order, one):
                keys = tuple((path, directions.get(path, 1)) for path in order)
                yield keys
                if one.shown and not one.open_ended and len(needed) == length <= LONGEST - len(one.shown):
                    yield (*keys, *((path, 1) for path in one.shown))


def _needed(one: Touched) -> list[str]:
    return [path for path in dict.fromkeys((*one.equal, *one.other, *dict(one.sort))) if path != "_id"]


def _sensible(order: tuple[str, ...], one: Touched) -> bool:
    """Neighbouring equalities in one order only, and the sort's fields in the sort's order."""
    equal = set(one.equal)
    neighbours = pairwise(order)
    if any(left in equal and right in equal and left > right for left, right in neighbours):
        return False
    ranks = [rank for path in order for rank, (sorted_path, _) in enumerate(one.sort) if path == sorted_path]
    free = {path for path, _ in one.sort} & (equal | set(one.other))
    return ranks == sorted(ranks) or bool(free)


def _geo(one: Touched) -> Iterator[_Keys]:
    for path in one.geo:
        yield ((path, "2dsphere"),)
        for other in (*one.equal, *one.other):
            yield ((other, 1), (path, "2dsphere"))
            yield ((path, "2dsphere"), (other, 1))


def _of_present(one: Touched, plain: Sequence[IndexSpec]) -> Iterator[IndexSpec]:
    """Sparse and partial indexes for fields that must be there."""
    for path in one.present:
        for index in plain:
            if index.keys[0][0] == path and len(index.keys) == 1:
                yield IndexSpec(index.collection, index.keys, (*index.options, ("sparse", True)))
            where = ("partialFilterExpression", ((path, (("$exists", True),)),))
            yield IndexSpec(index.collection, index.keys, (*index.options, where))
