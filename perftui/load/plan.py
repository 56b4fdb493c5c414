"""How much load, for how long, and the most that is allowed."""

from typing import NamedTuple

MOST_PER_S, MOST_SECONDS, MOST_CONCURRENCY, MOST_REQUESTS, MOST_ENDPOINTS = 1_000.0, 600.0, 500, 200_000, 40
MOST_CONNECTIONS = 900
"""A line to each host for each request under way: `select`, which times best, holds a thousand files."""


class Plan(NamedTuple):
    """What is asked of each endpoint. Several have their turns: the rate is never that of two at once."""

    rate_per_s: float = 50.0
    duration_s: float = 10.0
    """Of load on each endpoint."""
    warmup_s: float = 1.0
    """Of load on each endpoint before it, which counts in no figure."""
    concurrency: int = 50
    """Requests under way at once, at most."""
    timeout_s: float = 10.0
    """A request that has no whole answer after so long is given up."""
    any_status: bool = False
    """A status of 400 or more is an answer like others."""

    def checked(self, endpoints: int, hosts: int = 1) -> "Plan":
        """Itself. Raises `ValueError` with a sentence for what is beyond the limits."""
        if not 1 <= endpoints <= MOST_ENDPOINTS:
            raise ValueError(f"one to {MOST_ENDPOINTS} endpoints can be measured in one run, not {endpoints}")
        if not 0 < self.rate_per_s <= MOST_PER_S:
            raise ValueError(f"the rate must be above 0 and at most {MOST_PER_S:,.0f} requests a second")
        if not 0 < self.duration_s <= MOST_SECONDS or not 0 <= self.warmup_s <= MOST_SECONDS:
            raise ValueError(f"the load must last more than 0 s, and it and its warm-up at most {MOST_SECONDS:.0f} s")
        if not 1 <= self.concurrency <= MOST_CONCURRENCY:
            raise ValueError(f"the concurrency must be 1 to {MOST_CONCURRENCY}")
        if self.concurrency * hosts > MOST_CONNECTIONS:
            raise ValueError(f"with {hosts} hosts the concurrency must be at most {MOST_CONNECTIONS // hosts}")
        if not 0 < self.timeout_s <= MOST_SECONDS:
            raise ValueError(f"the timeout must be above 0 and at most {MOST_SECONDS:.0f} s")
        if (asked := (self.duration_s + self.warmup_s) * self.rate_per_s * endpoints) > MOST_REQUESTS:
            raise ValueError(f"these are {asked:,.0f} requests, and at most {MOST_REQUESTS:,} are allowed in one run")
        return self
