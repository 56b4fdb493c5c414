"""What a widget is given: one Snapshot with its history, and how the user wants it shown."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from perftui.advice.contention.groups import Grouping, GroupKey
from perftui.model.settings import Settings, Thresholds
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import TargetKind
from perftui.monitor.feed import Series
from perftui.tui.advice_book import AdviceBook
from perftui.tui.formatting import day_clock
from perftui.tui.in_view import targets_in_view

State = Literal["normal", "dim", "good", "warning", "over", "accent"]
"""What a colour may mean. Never colour alone: the text says it too."""


class View(Struct, frozen=True):
    snapshot: Snapshot
    history: Series
    settings: Settings
    selected: dict[TargetKind, str]
    """The target in view for each kind, by id; absent: the first of its kind, and of a replica set its primary."""
    live: bool = True
    """False: an earlier frame or a replay is shown."""
    show_noise: bool = False
    utc: bool = False
    advice: AdviceBook | None = None
    """What was advised since the start."""
    collection: str | None = None
    """The collection whose indexes alone are shown."""
    endpoint: tuple[str, str] | None = None
    """Method and route whose queries alone are shown."""
    grouping: Grouping | None = None
    """What operations are grouped by; `None`: they stand one by one."""
    group: GroupKey | None = None
    """The group whose operations alone are shown."""

    @property
    def thresholds(self) -> Thresholds:
        return self.settings.thresholds

    def targets(self, kind: TargetKind) -> tuple[TargetState, ...]:
        return tuple(state for state in self.snapshot.targets if state.target.kind == kind)

    def target(self, kind: TargetKind) -> TargetState | None:
        """The target of a kind that is in view; `None` where it is gone: no other takes its place."""
        states = self.targets(kind)
        wanted = self.selected.get(kind)
        if wanted is None and states:
            wanted = targets_in_view(self.snapshot, {}, {})[kind].id
        return next((state for state in states if state.target.id == wanted), None)

    def clock(self, at: float | None) -> str:
        """The time of day as the screen shows it, with its date where that is another day's than the Snapshot's."""
        return day_clock(at, self.snapshot.taken_at, self.utc)

    def standing_on(self, selected: dict[TargetKind, str]) -> "View":
        """The same with these targets in view, whatever comes into view elsewhere."""
        return replace(self, selected={**self.selected, **selected})
