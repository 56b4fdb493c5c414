"""Scores and findings as columns: the worst of each row, with a word or a sign for its state."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from perftui.model.finding import Finding, FindingSeverity
from perftui.tui.formatting import UNKNOWN
from perftui.tui.table_spec import Column
from perftui.tui.tables.grades import signed
from perftui.tui.view import State, View

Row = TypeVar("Row")

SEVERITY_STATES: dict[FindingSeverity, State] = {"critical": "over", "warning": "warning", "info": "normal"}
SIGNS: dict[FindingSeverity, str] = {"critical": "!", "warning": "^"}
"""What says a finding's severity without colour."""
_ORDER: tuple[FindingSeverity, ...] = ("critical", "warning", "info")
_BAD_BELOW, _FAIR_BELOW = 50, 80

_SHORTER = {
    "many-documents-examined": "many documents",
    "index-not-selective": "unselective index",
    "case-insensitive-regex": "regex ignores case",
    "lookup-without-index": "$lookup, no index",
}


def grade_score(score: int | None) -> State:
    """Of a score of 0 to 100."""
    if score is None:
        return "dim"
    return "over" if score < _BAD_BELOW else "warning" if score < _FAIR_BELOW else "normal"


def show_score(score: int | None) -> str:
    return UNKNOWN if score is None else str(score)


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: _ORDER.index(finding.severity))


def short_words(code: str) -> str:
    """A finding's code as words that fit a column: `collection scan`."""
    return _SHORTER.get(code) or code.replace("-", " ")


def _never(_row: object) -> bool:
    return False


def score_column(
    score: Callable[[Row], int | None], priority: int = 0, is_past: Callable[[Row], bool] = _never
) -> Column[Row]:
    """`is_past`: whether the score is of executions as there are none any more."""

    def state(row: Row, _view: View | None = None) -> State:
        return "dim" if is_past(row) else grade_score(score(row))

    return Column(
        "score",
        "SCORE ",
        6,
        text=lambda row, _view: signed(show_score(score(row)), state(row)),
        sort=score,
        state=state,
        priority=priority,
        rising=True,
    )


def finding_column(
    findings: Callable[[Row], Sequence[Finding]], priority: int = 0, width: int = 18,
    is_past: Callable[[Row], bool] = _never,
) -> Column[Row]:  # fmt: skip
    """The worst finding's words, and how many others there are; or what it was, where that is past."""

    def words(row: Row) -> str | None:
        found = worst_first(findings(row))
        if not found:
            return None
        if is_past(row):
            return f"was {short_words(found[0].code)}"
        said = short_words(found[0].code) + SIGNS.get(found[0].severity, "")
        more = f" +{len(found) - 1}" if len(found) > 1 else ""
        return said + more if len(said + more) <= width else said

    def state(row: Row, _view: View) -> State:
        found = worst_first(findings(row))
        return SEVERITY_STATES[found[0].severity] if found and not is_past(row) else "dim"

    return Column(
        "finding",
        "FINDING",
        width,
        text=lambda row, _view: words(row) or UNKNOWN,
        sort=words,
        state=state,
        align="left",
        priority=priority,
    )
