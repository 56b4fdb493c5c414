"""Who waits for whom: a row for each lock, ticket or other thing that somebody waits for, with who has it."""

from collections.abc import Sequence
from functools import lru_cache

from perftui.advice.contention.wait import Wait
from perftui.advice.contention.waits import find_waits
from perftui.model.snapshot import TargetState
from perftui.tui.formatting import duration, number
from perftui.tui.table_spec import Column, TableSpec
from perftui.tui.tables.absence import explain_absence
from perftui.tui.tables.grades import graded, plain, words
from perftui.tui.view import State, View

_LONG_S = 1.0


def rows(view: View) -> Sequence[Wait]:
    target = view.target("mongodb")
    return () if target is None or target.operations is None else _waits(_ById(target))


class _ById:
    """The same TargetState is asked for several times a frame."""

    def __init__(self, state: TargetState) -> None:
        self.state = state

    def __hash__(self) -> int:
        return id(self.state)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ById) and other.state is self.state


@lru_cache(maxsize=2)
def _waits(of: _ById) -> tuple[Wait, ...]:
    state = of.state
    return () if state.operations is None else find_waits(state.operations, state.mongodb, state.replica_set)


def grade(wait: Wait, _view: View) -> State:
    return "over" if (wait.longest_s or 0.0) >= _LONG_S else "warning"


def holder_words(wait: Wait) -> str | None:
    """The likeliest holder and how many there may be."""
    if not wait.holders:
        return None
    more = f" +{len(wait.holders) - 1}" if len(wait.holders) > 1 else ""
    return f"{wait.holders[0].name}{more}"


def how_sure(wait: Wait) -> str:
    if not wait.holders:
        return "unknown"
    return "yes" if wait.sure else "maybe"


def _grade_sure(wait: Wait, _view: View) -> State:
    return "normal" if wait.sure else "dim"


def _full_text(wait: Wait, _view: View) -> str:
    waiters = " ".join(str(one.opid) for one in wait.waiters)
    holders = "; ".join(one.name for one in wait.holders)
    return f"{wait.resource}: {waiters} wait for {holders or 'nobody that is known'}. {wait.untold}".strip()


def _empty(view: View) -> str:
    target = view.target("mongodb")
    listed = target.operations if target is not None else None
    otherwise = "Nobody waits: no operation that is listed waits for a lock, a ticket or flow control."
    if listed is not None and listed.sees_all_users is False:
        otherwise = "Cannot tell: this login sees only its own operations, and none of them waits."
    return explain_absence(view, "mongodb", "mongodb.operations", otherwise)


WAITS: TableSpec[Wait] = TableSpec(
    name="waits",
    columns=(
        graded("waiting", "WAITING", 8, lambda row: row.count, number, grade),
        graded("longest", "LONGEST", 9, lambda row: row.longest_s, duration, grade),
        words("resource", "FOR", 28, lambda row: row.resource),
        words("mode", "WANTED", 12, lambda row: row.mode or None, 3),
        plain("behind", "BEHIND", 6, lambda row: row.behind or None, number, 5),
        words("sure", "SURE", 7, how_sure, 1, state=_grade_sure),
        plain("held", "HELD FOR", 8, lambda row: row.holders[0].for_s if row.holders else None, duration, 4),
        Column(
            "holder",
            "HELD BY",
            22,
            text=lambda row, _view: holder_words(row) or "cannot tell",
            sort=holder_words,
            state=_grade_sure,
            align="left",
            flexible=True,
        ),
    ),
    rows=rows,
    filled_by=("mongodb", "operations"),
    key=lambda row: (row.kind, row.resource.partition(",")[0]),
    default_sort="waiting",
    full_text=_full_text,
    empty=_empty,
)
