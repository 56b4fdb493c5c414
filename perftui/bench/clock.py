"""How fine a clock is, and how many calls it takes to be timed well by it."""

from itertools import pairwise
from statistics import median

from perftui.bench.subject import Clock

STEPS_A_SAMPLE = 1_000
"""A sample lasts at least so many steps of the clock, so that reading it adds at most a thousandth."""
_READINGS = 100


def step_ns(clock: Clock) -> float:
    """The shortest time between two readings that differ, or what a reading takes, whichever is longer; at least 1."""
    readings = [clock() for _ in range(_READINGS)]
    apart = [later - earlier for earlier, later in pairwise(readings)]
    moved = [between for between in apart if between > 0]
    return max(float(min(moved, default=1)), float(median(apart)), 1.0)
