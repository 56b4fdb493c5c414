"""How long a benchmark may take, and how its samples are shared out."""

import math
from typing import NamedTuple

from perftui.bench.blocks import BLOCKS

SAMPLES = 2_000
"""What is aimed at: enough for blocks of forty."""


class Limits(NamedTuple):
    """What was asked for."""

    iterations: int | None = None
    warmup: int | None = None
    max_seconds: float = 5.0
    max_iterations: int | None = None
    min_sample_s: float = 0.0001

    def checked(self) -> "Limits":
        """Itself. Raises `ValueError` with a sentence."""
        if self.iterations is not None and self.iterations < 1:
            raise ValueError("iterations must be 1 or more")
        if self.warmup is not None and self.warmup < 0:
            raise ValueError("warmup must be 0 or more")
        if self.max_iterations is not None and self.max_iterations < 1:
            raise ValueError("max_iterations must be 1 or more")
        if not self.max_seconds > 0 or not self.min_sample_s >= 0:
            raise ValueError("max_seconds must be above 0, and min_sample_s 0 or more")
        return self

    def sizes(self, loops: int, call_s: float) -> list[int]:
        """How many samples each block takes, when a call takes about so long."""
        if self.iterations is not None:
            return shared_out(min(self.iterations, self.max_iterations or self.iterations))
        fit = self.max_seconds / max(loops * call_s, 1e-9)
        if self.max_iterations is not None:
            fit = min(fit, self.max_iterations / loops)
        return shared_out(max(1, min(SAMPLES, math.floor(fit))))


def shared_out(samples: int) -> list[int]:
    """Nearly equal numbers for at most `BLOCKS` blocks."""
    blocks = min(samples, BLOCKS)
    return [samples * (number + 1) // blocks - samples * number // blocks for number in range(blocks)]
