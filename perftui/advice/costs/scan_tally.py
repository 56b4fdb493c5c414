"""What a scan examines until enough documents are found."""

from collections.abc import Sequence
from dataclasses import dataclass

from perftui.advice.costs.columns import Bits, members
from perftui.advice.costs.key_order import Level, Order
from perftui.advice.costs.scan import Run, runs

_MOST_RUNS = 4000
"""Runs of keys that are walked through; beyond these the rest is taken to be alike."""


@dataclass(slots=True)
class Tally:
    """What a scan came across among the sampled documents."""

    keys: float = 0
    misses: float = 0
    fetched: float = 0
    returned: float = 0


def tally(order: Order, levels: Sequence[Level], passing: Bits, wanted: Bits, stop: float | None, size: int) -> Tally:
    """Walk until `stop` wanted documents are found; a fraction of one stops within its distance."""
    found = Tally()
    seen = _Flags(passing, wanted, size)
    for number, run in enumerate(runs(order, levels)):
        found.misses += run.misses
        if seen.take(order.documents, run, found, stop):
            return found
        if number > _MOST_RUNS and stop is None:
            _extrapolate(found, run.end / max(1, len(order.keys)))
            return found
    return found


def _extrapolate(found: Tally, share: float) -> None:
    factor = 1 / max(share, 1e-6)
    found.keys *= factor
    found.misses *= factor
    found.fetched *= factor
    found.returned *= factor


class _Flags:
    """For each document whether it passes the check on its key, and whether it is wanted; arrays count it once."""

    def __init__(self, passing: Bits, wanted: Bits, size: int) -> None:
        self.passing = _bytes_of(passing, size)
        self.wanted = _bytes_of(wanted, size)
        self.known = bytearray(size)

    def take(self, documents: list[int], run: Run, found: Tally, stop: float | None) -> bool:
        passing, wanted, known = self.passing, self.wanted, self.known
        since = 0
        for place in range(run.first, run.end):
            document = documents[place]
            found.keys += 1
            since += 1
            if known[document] or not passing[document]:
                continue
            known[document] = 1
            found.fetched += 1
            if wanted[document]:
                found.returned += 1
                if stop is not None and found.returned >= stop:
                    _step_back(found, stop, since)
                    return True
                since = 0
        return False


def _step_back(found: Tally, stop: float, since: int) -> None:
    """Of the way to the last match only a part is gone where a part of a match was asked for."""
    part = 1 - max(0.0, min(1.0, stop - (found.returned - 1)))
    if part > 0:
        share = since * part
        found.fetched -= min(found.fetched, found.fetched / max(found.keys, 1) * share)
        found.keys -= share
        found.returned = stop


def _bytes_of(bits: Bits, size: int) -> bytearray:
    flags = bytearray(size)
    for document in members(bits):
        flags[document] = 1
    return flags
