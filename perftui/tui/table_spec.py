"""A live table described as data: what its rows are and how each column reads, without any drawing."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, Literal, TypeVar

from msgspec import Struct, field

from perftui.model.target import TargetKind
from perftui.tui.view import State, View

Row = TypeVar("Row")


class Column(Struct, Generic[Row], frozen=True):
    """One column. `text` gives plain text, never markup; the widget makes it safe and cuts it to the width."""

    key: str
    """Name in a filter (`key:value`) and in exports."""
    title: str
    width: int
    """Cells; for a flexible column the least."""
    text: Callable[[Row, View], str]
    sort: Callable[[Row], Any] | None = None
    """What to sort by; `None` values go last whatever the direction. Absent: not sortable."""
    state: Callable[[Row, View], State] | None = None
    align: Literal["left", "right"] = "right"
    flexible: bool = False
    """Takes the room that is left; one a table."""
    priority: int = 0
    """On a narrow screen columns of the highest number are left out first; 0 always stays."""
    comfortable: int = 0
    """Cells that a flexible column should have before the columns of priority 5 and above get any."""
    rising: bool = False
    """A figure whose least values are the telling ones: sorted rising at first."""
    wanted: Callable[[Sequence[Row]], bool] | None = None
    """Whether it says anything of these rows; absent: always."""


class TableSpec(Struct, Generic[Row], frozen=True):
    name: str
    columns: tuple[Column[Row], ...]
    rows: Callable[[View], Sequence[Row]]
    key: Callable[[Row], Hashable]
    """What the cursor and tags follow: an opid, a shape's id, never a row number."""
    default_sort: str
    filled_by: tuple[TargetKind, str] | None = None
    """The kind of target and the field of its state that the rows come from; absent: they do not get old."""
    descending: bool = True
    full_text: Callable[[Row, View], str] | None = None
    """The row's long text, shown below the cursor's row with `w`."""
    empty: Callable[[View], str] = field(default=lambda _view: "Nothing to show.")
    """A sentence for an empty table: why, and what would fill it."""
