"""Which state a figure has by the user's thresholds, and the sign that says it without colour."""

from collections.abc import Callable
from typing import Any, TypeVar

from perftui.tui.formatting import UNKNOWN, age
from perftui.tui.table_spec import Column
from perftui.tui.view import State, View

Row = TypeVar("Row")

_SIGNS: dict[State, str] = {"over": "!", "warning": "^"}


def too_high(value: float | None, limit: float, warning: float | None = None) -> State:
    """Over at `limit`; a warning from `warning` on, which is 80 % of the limit unless told."""
    if value is None:
        return "normal"
    if value >= limit:
        return "over"
    return "warning" if value >= (limit * 0.8 if warning is None else warning) else "normal"


def too_low(value: float | None, limit: float, warning: float) -> State:
    """Over below `limit`; a warning below `warning`."""
    if value is None:
        return "normal"
    if value < limit:
        return "over"
    return "warning" if value < warning else "normal"


def ago(at: float | None, view: View) -> str:
    """How long before the Snapshot something was."""
    return age(None if at is None else view.snapshot.taken_at - at)


def signed(text: str, state: State) -> str:
    """The text with its state's sign; a cell is always kept for it, so that the digits line up."""
    return text + _SIGNS.get(state, " ")


def graded(
    key: str,
    title: str,
    width: int,
    value: Callable[[Row], Any],
    show: Callable[[Any], str],
    grade: Callable[[Row, View], State],
    priority: int = 0,
) -> Column[Row]:
    """A figure's column, sorted by the figure, with its state as colour and as sign."""
    return Column(
        key,
        title + " ",
        width,
        text=lambda row, view: signed(show(value(row)), grade(row, view)),
        sort=value,
        state=grade,
        priority=priority,
    )


def plain(
    key: str,
    title: str,
    width: int,
    value: Callable[[Row], Any],
    show: Callable[[Any], str],
    priority: int = 0,
) -> Column[Row]:
    """A figure's column that has no threshold."""
    return Column(
        key,
        title,
        width,
        text=lambda row, _view: show(value(row)),
        sort=value,
        state=lambda row, _view: "dim" if value(row) is None else "normal",
        priority=priority,
    )


def words(
    key: str,
    title: str,
    width: int,
    value: Callable[[Row], str | None],
    priority: int = 0,
    *,
    flexible: bool = False,
    state: Callable[[Row, View], State] | None = None,
) -> Column[Row]:
    """A column of words; what is not known is a dash."""
    return Column(
        key,
        title,
        width,
        text=lambda row, _view: value(row) or UNKNOWN,
        sort=value,
        state=state or (lambda row, _view: "normal" if value(row) else "dim"),
        align="left",
        flexible=flexible,
        priority=priority,
    )
