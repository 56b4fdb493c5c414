"""Rates from counters that only grow, until their server restarts."""

from collections.abc import Mapping

_SHORTEST_STEP_S = 0.0005
"""Servers tell their time in milliseconds: one of these is a step, whatever binary fractions make of it."""
_LONGEST_STEP_S, _INTERVALS = 120.0, 3


def longest_step_s(interval_s: float) -> float:
    """From one reading to the next, where they are wanted so often; what lies further apart has a gap between."""
    return max(_LONGEST_STEP_S, _INTERVALS * interval_s)


class CounterRates:
    """Differences a second between two readings of named counters.

    Time is the server's own (its uptime or clock), so that a late or suspended reader makes a longer step and not a
    wrong rate. After a restart (time or a counter went back) or a gap longer than `longest_step_s` the first reading
    gives no rates. One that comes before time has gone on gives none either, and what was counted until then belongs to
    the next step.
    """

    def __init__(self, longest_step_s: float = _LONGEST_STEP_S) -> None:
        self.longest_step_s = longest_step_s
        self.elapsed_s: float | None = None
        self._time: float | None = None
        self._values: dict[str, float] = {}
        self._rates: dict[str, float] = {}
        self._steps: dict[str, float] = {}

    def expect_every(self, seconds: float) -> None:
        """Readings come this often from now on."""
        self.longest_step_s = longest_step_s(seconds)

    def update(self, server_time_s: float, counters: Mapping[str, float | None]) -> None:
        """Take the next reading; `None` values are counters that this server does not have."""
        elapsed = None if self._time is None else server_time_s - self._time
        self._rates, self._steps, self.elapsed_s = {}, {}, None
        if elapsed is not None and 0 <= elapsed < _SHORTEST_STEP_S:
            return
        values = {name: float(value) for name, value in counters.items() if value is not None}
        before, self._values, self._time = self._values, values, server_time_s
        if elapsed is None or not 0 < elapsed <= self.longest_step_s:
            return
        self.elapsed_s = elapsed
        for name, value in values.items():
            step = value - before[name] if name in before else -1.0
            if step >= 0:
                self._steps[name] = step
                self._rates[name] = step / elapsed

    def rate(self, name: str) -> float | None:
        """A second, or `None` when there is no step to tell it from."""
        return self._rates.get(name)

    def step(self, name: str) -> float | None:
        """The difference itself."""
        return self._steps.get(name)

    def mean(self, total: str, count: str, scale: float = 1.0) -> float | None:
        """Step of `total` divided by step of `count`, times `scale`; `None` when nothing was counted."""
        counted, summed = self._steps.get(count), self._steps.get(total)
        return None if not counted or summed is None else summed / counted * scale

    def reset(self) -> None:
        """Forget everything, as after a reconnect to another server."""
        self._time, self._values, self._rates, self._steps, self.elapsed_s = None, {}, {}, {}, None
