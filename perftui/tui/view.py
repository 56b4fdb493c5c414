"""What a widget is given: one Snapshot with its history, and how the user wants it shown."""

from typing import Literal

from msgspec import Struct

from perftui.advice.contention.groups import Grouping, GroupKey
from perftui.model.settings import Settings, Thresholds
from perftui.model.snapshot import Snapshot, TargetState
from perftui.model.target import TargetKind
from perftui.monitor.feed import Series
from perftui.tui.advice_book import AdviceBook

State = Literal["normal", "dim", "good", "warning", "over", "accent"]
"""What a colour may mean. Never colour alone: the text says it too."""


class View(Struct, frozen=True):
    snapshot: Snapshot
    history: Series
    settings: Settings
    selected: dict[TargetKind, str]
    """The target in view for each kind, by id; absent: the first of its kind (a primary first)."""
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
        """The selected target of a kind, else its best: a primary, else the first."""
        states = self.targets(kind)
        wanted = self.selected.get(kind)
        for state in states:
            if state.target.id == wanted:
                return state
        for state in states:
            if state.mongodb is not None and state.mongodb.role == "PRIMARY":
                return state
        return states[0] if states else None
