"""Who may load which key, and who loads one, in this process."""

from collections.abc import Iterable, Mapping
from itertools import count

from perftui.cache.patterns import pattern_regex
from perftui.cache.stores.base import CacheStore


class Claims:
    """A lock keeps others from loading a key too. A load is under way until it ends or its key is removed: what it
    brings after that is old. Who loads a key that is being loaded joins that load, and the first value is kept: the
    next loader never outruns one that is slower than its lock. Who fails ends it for all who joined: their values are
    given out, and not kept."""

    def __init__(self) -> None:
        self._locks: dict[str, tuple[str, float]] = {}
        self._loads: dict[str, str] = {}
        self._tokens = count(1)

    def acquire(self, key: str, seconds: float, now: float) -> str | None:
        """The token of a lock and of a load; `None` where somebody has the lock."""
        held = self._locks.get(key)
        if held is not None and held[1] > now:
            return None
        token = self.begin(key)
        self._locks[key] = token, now + seconds
        return token

    def begin(self, key: str, token: str = "") -> str:
        """The token of the load that is under way, else of this one: `token`, or a new one."""
        return self._loads.get(key) or self._loads.setdefault(key, token or str(next(self._tokens)))

    def under_way(self, key: str) -> str | None:
        """The token of the load of this key, if there is one."""
        return self._loads.get(key)

    def holds(self, key: str, token: str) -> bool:
        return self._loads.get(key) == token

    def end(self, tokens: Mapping[str, str]) -> None:
        """Those that were not lost meanwhile."""
        for key, token in tokens.items():
            if self._loads.get(key) == token:
                self._loads.pop(key, None)
            if self._locks.get(key, ("", 0.0))[0] == token:
                self._locks.pop(key, None)

    def drop(self, keys: Iterable[str]) -> None:
        """The keys are removed."""
        for key in keys:
            self._loads.pop(key, None)
            self._locks.pop(key, None)

    def drop_matching(self, pattern: str) -> None:
        matches = pattern_regex(pattern).fullmatch
        self.drop([key for key in list(self._loads) if matches(key)])


class ClaimingStore(CacheStore):
    """A store that knows of the loads in its own process."""

    _claims: Claims

    async def _begin_loads(self, keys: tuple[str, ...]) -> Mapping[str, str]:
        return {key: self._claims.begin(key) for key in keys}

    async def _end_loads(self, tokens: Mapping[str, str]) -> None:
        self._claims.end(tokens)

    async def _forget_loads(self, pattern: str) -> None:
        self._claims.drop_matching(pattern)
