"""Which of an application's processes answered: one that is known, one that started anew, or another beside it."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from perftui.sources.application.counting import Growth
from perftui.sources.application.families import is_creation
from perftui.sources.application.text import Series
from perftui.sources.numbers import real

_STARTED = "process_start_time_seconds"
_COARSE_S = 2.0
"""A start is told up to a second early, for a machine's boot is known in whole seconds. So young a worker has little to
count, whichever it is."""
_TICK_S = 0.01
"""Linux tells the starts of processes in these."""


class Identity(NamedTuple):
    """Seconds since 1970, and OpenTelemetry's id of the process."""

    started: float | None
    first_created: float | None
    """When its oldest series of requests began: tells workers apart that were forked at the same moment."""
    instance: str | None

    @property
    def began(self) -> float | None:
        """Nothing was counted before."""
        return self.started if self.first_created is None else self.first_created

    def may_be(self, other: "Identity") -> bool:
        """Nothing that both say differs."""
        return (
            _is_same_start(self.started, other.started)
            and (None in (self.first_created, other.first_created) or self.first_created == other.first_created)
            and (None in (self.instance, other.instance) or self.instance == other.instance)
        )

    def with_more_of(self, other: "Identity") -> "Identity":
        return Identity(
            other.started if self.started is None else self.started,
            other.first_created if self.first_created is None else self.first_created,
            other.instance if self.instance is None else self.instance,
        )


def _is_same_start(one: float | None, other: float | None) -> bool:
    """Told anew in each answer, a start moves by a whole second when the machine's clock is corrected."""
    if one is None or other is None:
        return True
    apart = abs(one - other)
    return apart < _TICK_S / 2 or abs(apart - 1) < _TICK_S / 2


class Workers:
    """A page without `process_start_time_seconds` and `_created` is taken for one process, or for all of them."""

    def __init__(self, growth: Growth) -> None:
        self._growth = growth
        self._creations: list[int] = []
        self._started: int | None = None
        self._instances: dict[int, str] = {}
        self._current: Identity | None = None
        self._read_at: float | None = None
        self._changed_at: float | None = None

    def lay_out(self, series: Sequence[Series]) -> None:
        named = [(place, one) for place, one in enumerate(series)]
        self._creations = [place for place, one in named if is_creation(one.name)]
        self._started = next((place for place, one in named if one.name == _STARTED and not one.labels), None)
        self._instances = {
            place: one.labels["service_instance_id"]
            for place, one in named
            if one.name == "target_info" and one.labels.get("service_instance_id")
        }

    def are_several(self, now: float, window_s: float) -> bool:
        """Whether one answered again after another had, within the window: each tells only of itself."""
        return self._changed_at is not None and now - self._changed_at <= window_s

    def take(
        self,
        values: Sequence[float | None],
        now: float,
        wall: float,
        *,
        whole: bool,
        returned: Collection[int] = (),
    ) -> None:
        """Let what was read grow what this worker had counted. `wall` is in seconds since 1970."""
        found = self._identity(values)
        known = self._known(found)
        restarted = known is None and self._began_since_last(found)
        if known is not None and self._current not in (None, known):
            self._changed_at = now
        self._current, self._read_at = known or found, wall
        self._growth.update(now, values, restarted=restarted, worker=self._current, whole=whole, returned=returned)

    def _known(self, found: Identity) -> Identity | None:
        """Who it is of those that answered before. A page that is cut, or of no requests yet, says less than others."""
        workers = [one for one in self._growth.workers() if isinstance(one, Identity)]
        workers.sort(key=lambda one: (one == found, one == self._current), reverse=True)
        same = next((one for one in workers if one.may_be(found)), None)
        if same is None:
            return None
        both = same.with_more_of(found)
        if both != same:
            self._growth.rename(same, both)
            self._current = both if self._current == same else self._current
        return both

    def _began_since_last(self, found: Identity) -> bool:
        if self._read_at is None or found.began is None:
            return False
        return found.began > self._read_at - _COARSE_S

    def _identity(self, values: Sequence[float | None]) -> Identity:
        created = [value for value in (real(values[place]) for place in self._creations) if value and value > 0]
        started = None if self._started is None else real(values[self._started])
        instance = next((text for place, text in self._instances.items() if values[place] is not None), None)
        return Identity(started, min(created, default=None), instance)
