"""One source of figures: what it is, and what was seen of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from perftui.checking.judge import Observer
from perftui.model.budgets.limits import On
from perftui.model.check import Unreached

MakeObserver = Callable[[Sequence[str | None]], Observer]
"""For a source of these names."""


@dataclass(frozen=True)
class Seen:
    """A metrics URL, a server, a target of a recording, or a file of benchmarks."""

    source: str
    """For people; holds no secret."""
    kinds: frozenset[On]
    """What budgets can hold in it."""
    services: tuple[str | None, ...]
    observer: Observer
    remarks: tuple[str, ...] = ()


Found = tuple[list[Seen], list[Unreached]]
"""All that was read, and what could not be."""
