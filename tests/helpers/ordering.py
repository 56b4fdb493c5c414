"""The order of tests over workers: what takes long is begun early, so that no worker is waited for at the end."""

from collections.abc import Sequence
from typing import TypeVar

_T = TypeVar("_T")


def long_ones_early(order: Sequence[_T], long: Sequence[_T], workers: int) -> list[_T]:
    """The same order, but for the long ones: as many for each worker, spread over the first two thirds of its share.

    `--dist worksteal` gives each worker a part of the list as it stands, and who is done takes from the end of others'.
    """
    others = [one for one in order if one not in long]
    found: list[_T] = []
    for worker in range(workers):
        mine = long[worker::workers]
        size = max((len(order) - len(found)) // (workers - worker), len(mine))
        share, others = others[: size - len(mine)], others[size - len(mine) :]
        for place, one in reversed(list(enumerate(mine))):
            share.insert(place * 2 * len(share) // (3 * len(mine)), one)
        found += share
    return found
