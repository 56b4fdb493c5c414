"""A token bucket: how often something may happen."""

from time import monotonic


class TokenBucket:
    """Holds at most `burst` tokens and gains one each `every_s` seconds. One thread at a time."""

    __slots__ = ("_at", "_burst", "_every_s", "_left")

    def __init__(self, every_s: float, burst: float) -> None:
        self._every_s, self._burst = every_s, burst
        self._left, self._at = burst, monotonic()

    def take(self, now: float) -> bool:
        """Whether there was a token to take at `now`, on the monotonic clock."""
        self._left = min(self._burst, self._left + max(now - self._at, 0.0) / self._every_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
