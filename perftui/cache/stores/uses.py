"""Which keys this process read, when and how often: for libraries that do not tell."""

_MOST = 100_000


class Uses:
    """Of the keys read last; what is forgotten counts as not used since it was stored."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[float, int]] = {}

    def add(self, key: str, now: float) -> None:
        _, times = self._read.pop(key, (0.0, 0))
        self._read[key] = now, times + 1
        if len(self._read) > _MOST:
            self._read.pop(next(iter(self._read)), None)

    def last(self, key: str) -> float:
        """Seconds since 1970; 0 where it was not read."""
        return self._read.get(key, (0.0, 0))[0]

    def times(self, key: str) -> int:
        return self._read.get(key, (0.0, 0))[1]

    def forget(self, key: str) -> None:
        self._read.pop(key, None)
