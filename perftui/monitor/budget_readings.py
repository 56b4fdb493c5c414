"""Which states of a target bring a new reading of what budgets hold; what is shown of one that is down is none."""

from perftui.model.snapshot import SourceState, TargetState

_LONGEST_STEP_S, _INTERVALS = 60.0, 3


class Readings:
    """Of one target: its application, its shapes or its Redis, whichever it is."""

    def __init__(self) -> None:
        self.waiting = False
        """One came and was not judged yet."""
        self.longest_step_s = _LONGEST_STEP_S
        """From one to the next; what is longer has a gap in it."""
        self._read_at: float | None = None

    def take(self, state: TargetState) -> bool:
        """Whether its source has read anew, and answers. A state that names no source counts as a reading."""
        source = _source_of(state)
        if source is None:
            self.waiting = True
            return True
        if source.is_silent:
            self.waiting = False
            return False
        new, self._read_at = source.read_at != self._read_at, source.read_at
        self.longest_step_s = max(_LONGEST_STEP_S, _INTERVALS * source.interval_s)
        self.waiting = self.waiting or new
        return new


def _source_of(state: TargetState) -> SourceState | None:
    filled = {slot for slot in ("application", "queries", "redis") if getattr(state, slot) is not None}
    return next((source for source in state.sources if source.slot in filled), None)
