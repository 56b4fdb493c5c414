"""When each request is due, and to which endpoint: known before the first is sent, whatever the answers are."""

import math
from typing import NamedTuple

from perftui.load.plan import Plan

_TURN_S = 0.25
"""How long one endpoint has the load before the next. Short: what slows the machine meets all of them."""


class Due(NamedTuple):
    """One request of the schedule."""

    at_s: float
    """Seconds from the start."""
    endpoint: int
    round: int
    """In which round of turns; below 0 is the warm-up."""


class Schedule:
    """Evenly spaced requests in rounds, one turn for each endpoint. Who begins changes from round to round."""

    def __init__(self, plan: Plan, endpoints: int) -> None:
        self.rate_per_s, self.endpoints = plan.rate_per_s, endpoints
        wanted = max(1, round(plan.rate_per_s * plan.duration_s))
        self.turn = _turn(wanted, plan.rate_per_s * _TURN_S)
        """Requests in a turn."""
        self.rounds = max(1, round(wanted / self.turn))
        self.warmup_rounds = math.ceil(plan.rate_per_s * plan.warmup_s / self.turn)
        self._a_round = self.turn * endpoints
        self.requests = (self.warmup_rounds + self.rounds) * self._a_round
        self.warmup_requests = self.warmup_rounds * self._a_round

    def __getitem__(self, number: int) -> Due:
        """The request of this number. Raises `IndexError` past the end."""
        if not 0 <= number < self.requests:
            raise IndexError(number)
        found, place = divmod(number, self._a_round)
        endpoint = (place // self.turn + found) % self.endpoints
        return Due(number / self.rate_per_s, endpoint, found - self.warmup_rounds)

    @property
    def measured_from_s(self) -> float:
        """When the warm-up ends."""
        return self.warmup_requests / self.rate_per_s

    @property
    def ends_s(self) -> float:
        """When the last one is due, and the pause after it over."""
        return self.requests / self.rate_per_s

    @property
    def round_s(self) -> float:
        """How long a round of all turns lasts."""
        return self._a_round / self.rate_per_s


def _turn(requests: int, about: float) -> int:
    """How many requests a turn has: about so many, and if it can be so that whole turns make all of them."""
    near = [size for size in range(max(1, math.ceil(about / 2)), math.floor(about * 2) + 1) if requests % size == 0]
    return min(near, key=lambda size: abs(size - about), default=max(1, round(about)))
