"""How many series of a kind are told apart, and which labels those beyond have: for what outlives its tables."""

from collections.abc import Callable
from typing import NamedTuple

Labels = tuple[str, ...]
OVERFLOW = "(other)"
MOST_UNKNOWN = 2_000
"""Of a kind that only another worker counts, of another version of the application."""


def all_other(labels: Labels) -> Labels:
    """As `BlockTable` names what is beyond its bound."""
    return (OVERFLOW,) * len(labels)


def other_but_last(labels: Labels) -> Labels:
    """Where the last label says what the figures mean, as a status does."""
    return (*all_other(labels[:-1]), *labels[-1:])


class Bound(NamedTuple):
    """Series beyond `most` stand as `other(labels)`."""

    most: int
    other: Callable[[Labels], Labels] = all_other

    def is_other(self, labels: Labels) -> bool:
        return labels == self.other(labels)


Bounds = dict[str, Bound]
"""By the kind's name."""
