"""The smallest set of indexes that holds, for each shape, one of its sufficient sets."""

from collections.abc import Sequence

from .workload import IndexSpec

Options = Sequence[frozenset[IndexSpec]]


def smallest_set(shapes: Sequence[Options]) -> frozenset[IndexSpec]:
    """Exact; among equally many indexes the one with the fewest fields."""
    ordered = sorted((options for options in shapes if options), key=len)
    best: list[frozenset[IndexSpec] | None] = [None]
    _search(ordered, frozenset(), best)
    return best[0] or frozenset()


def _size(chosen: frozenset[IndexSpec]) -> tuple[int, int]:
    return len(chosen), sum(len(index.keys) for index in chosen)


def _search(shapes: Sequence[Options], chosen: frozenset[IndexSpec], best: list[frozenset[IndexSpec] | None]) -> None:
    if best[0] is not None and _size(chosen) >= _size(best[0]):
        return
    left = [options for options in shapes if not any(option <= chosen for option in options)]
    if not left:
        best[0] = chosen
        return
    for option in sorted(left[0], key=lambda option: _size(chosen | option)):
        _search(left[1:], chosen | option, best)
