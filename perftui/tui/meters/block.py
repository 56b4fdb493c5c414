"""What the meters on top say: labelled figures of one target, and what keeps them from being read."""

from typing import NamedTuple

from perftui.model.snapshot import SourceState, TargetState
from perftui.model.target import TargetKind
from perftui.tui.formatting import age
from perftui.tui.view import State, View


class Meter(NamedTuple):
    """One figure with its recent past as a sparkline, or with its level as a bar."""

    label: str
    value: str
    state: State = "normal"
    metric: str | None = None
    """Name in `monitor.metrics.METRICS`; its values make the sparkline."""
    maximum: float | None = None
    """What a full sparkline stands for; `None`: the largest value shown."""
    level: float | None = None
    """A bar instead of a sparkline: 0 to 1."""


class Block(NamedTuple):
    """The meters of one target."""

    kind: TargetKind
    name: str
    target_id: str
    meters: tuple[Meter, ...]
    trouble: str | None = None
    """In words: what is wrong and since when; the figures are then old."""


def grade(value: float | None, limit: float, warning_share: float = 0.8) -> State:
    """Over at the limit, a warning from `warning_share` of it on."""
    if value is None:
        return "dim"
    if value >= limit:
        return "over"
    return "warning" if value >= limit * warning_share else "normal"


def main_source(state: TargetState) -> SourceState | None:
    """The source that fills the target's own slot, else its first."""
    filled = state.source_of(state.target.kind)
    return filled or next(iter(state.sources), None)


def trouble_of(state: TargetState, view: View) -> str | None:
    """Why the figures of a target are old or absent, in words; `None` when they are fresh."""
    source = main_source(state)
    if source is None:
        return None
    now = view.snapshot.taken_at
    if source.failure is not None:
        since = f", for {age(now - source.failing_since)}" if source.failing_since is not None else ""
        return source.failure.message.rstrip(".") + since
    if source.read_at is None:
        return "waiting for the first answer"
    if source.stale:
        return f"no answer for {age(now - source.read_at)}"
    return None
