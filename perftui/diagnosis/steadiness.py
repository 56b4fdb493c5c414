"""What is suspected for long enough counts; what is unseen for long enough is over: no burst makes a verdict."""

from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from perftui.diagnosis.rule import Rule, Suspicion

Key = tuple[str, str, str]
_MISSED_S = 2.5
"""How long a suspicion may be away before it has to begin anew."""
_FIRST_LOOK_S = 6.0
_JITTER_S = 0.2
"""Snapshots of a second come a little early or late: three of them are three seconds all the same."""


class Held(Struct):
    """One suspicion over time."""

    suspicion: Suspicion
    first_at: float
    last_at: float
    rule: Rule
    counts: bool = False
    since: float = 0.0
    since_known: bool = True


class Steadiness:
    """Keeps what the rules suspect, by key."""

    def __init__(self, *, at_once: bool = False) -> None:
        self._at_once = at_once
        self._kept: dict[Key, Held] = {}

    def take(self, suspected: Iterable[tuple[Rule, Suspicion]], now: float, watched: Mapping[str, float]) -> None:
        """What the rules say of this moment. `watched`: since when each target has been looked at."""
        for rule, suspicion in suspected:
            held = self._kept.get(suspicion.key)
            if held is None:
                held = self._kept[suspicion.key] = Held(suspicion, now, now, rule)
            held.suspicion, held.last_at = suspicion, now
            if not held.counts and (self._at_once or now - held.first_at >= rule.holds_s - _JITTER_S):
                self._let_count(held, watched.get(suspicion.target_id))
        for key, held in list(self._kept.items()):
            missing_s = now - held.last_at
            if missing_s < 0 or missing_s > (held.rule.ends_s if held.counts else _MISSED_S):
                del self._kept[key]

    def end(self, is_over: Callable[[Held], bool]) -> None:
        """Forget what has ended for sure."""
        for key, held in list(self._kept.items()):
            if is_over(held):
                del self._kept[key]

    @property
    def counting(self) -> list[Held]:
        return [held for held in self._kept.values() if held.counts]

    @property
    def suspects(self) -> bool:
        """Whether something does not count yet."""
        return any(not held.counts for held in self._kept.values())

    def held(self) -> dict[Key, Suspicion]:
        """What counts, with when it began."""
        return {key: replace(held.suspicion, since=held.since) for key, held in self._kept.items() if held.counts}

    @staticmethod
    def _let_count(held: Held, watched_since: float | None) -> None:
        told = held.suspicion.since
        held.counts, held.since = True, held.first_at if told is None else told
        looked_at = held.first_at if watched_since is None else watched_since
        held.since_known = told is not None or held.first_at - looked_at > _FIRST_LOOK_S
