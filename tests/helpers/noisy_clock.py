"""A synthetic clock with the noise of a real machine: drift, spikes, bursts, and neighbours that are alike."""

import math
import random
from collections.abc import Callable


class NoisyClock:
    """Nanoseconds that a function's calls move on, each time by another amount.

    Logarithms of the noise: `sd` with the autocorrelation `alike` from call to call, and a level that wanders by
    `drift` (standard deviation) within about `period` calls. Beside these, spikes with a long tail, and bursts in
    which eight calls in a row are 15 % slower.
    """

    def __init__(
        self,
        seed: int,
        *,
        sd: float = 0.02,
        alike: float = 0.6,
        drift: float = 0.03,
        period: float = 200.0,
        spikes: float = 0.01,
        bursts: float = 0.002,
    ) -> None:
        self._random, self.now = random.Random(seed), 0
        self._sd, self._alike, self._spikes, self._bursts = sd, alike, spikes, bursts
        self._drift, self._stay = drift, 1 - 1 / period
        self._noise, self._level, self._burst = 0.0, self._random.gauss(0, drift), 0

    def __call__(self) -> int:
        self.now += 20
        return self.now

    def function(self, seconds: float) -> Callable[[], None]:
        """A function that takes about so long."""
        nanoseconds = seconds * 1e9

        def run() -> None:
            self.now += int(nanoseconds * self.factor())

        return run

    def factor(self) -> float:
        """By how much the next call is slower than it should be."""
        draw = self._random
        self._noise = self._alike * self._noise + math.sqrt(1 - self._alike**2) * draw.gauss(0, self._sd)
        self._level = self._stay * self._level + math.sqrt(1 - self._stay**2) * draw.gauss(0, self._drift)
        factor = math.exp(self._noise + self._level)
        if draw.random() < self._spikes:
            factor *= 1 + 0.3 * draw.paretovariate(2)
        if self._burst:
            self._burst -= 1
            factor *= 1.15
        elif draw.random() < self._bursts:
            self._burst = 8
        return factor
