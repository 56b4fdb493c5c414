"""Penalties and findings as lines: the sign, the words, what is wrong, what to do."""

from collections.abc import Sequence

from perftui.model.finding import Finding, Penalty
from perftui.tui.lines import Line, Piece, fill, fit, fold_words
from perftui.tui.tables.scores import SEVERITY_STATES, SIGNS, grade_score, short_words, worst_first

_NAME_WIDTH = 20


def penalty_lines(score: int, penalties: Sequence[Penalty], width: int) -> list[Line]:
    """The score as a sum: 100, less each penalty."""
    lines = [Line((("100 ", "value"), ("to begin with", "dim")))] if penalties else []
    for penalty in sorted(penalties, key=lambda one: -one.points):
        head: list[Piece] = [(fit(f"-{penalty.points}", 4), "warning"), (fit(short_words(penalty.code), 19), "normal")]
        lines += _folded(head, penalty.reason, width, "label")
    state = grade_score(score)
    lines.append(Line(((fit(str(score), 4), state), ("is the score" if penalties else "of 100", "label"))))
    return lines


def finding_lines(findings: Sequence[Finding], width: int) -> list[Line]:
    """Worst first: what is wrong, and below it what to do."""
    lines: list[Line] = []
    for finding in worst_first(findings):
        state, sign = SEVERITY_STATES[finding.severity], SIGNS.get(finding.severity, "-")
        head: list[Piece] = [(f"{sign} ", state), (fit(short_words(finding.code), _NAME_WIDTH) + " ", state)]
        lines += _folded(head, finding.message, width, "normal")
        if finding.advice:
            lines += _folded([(" " * (_NAME_WIDTH + 1) + "→ ", "accent")], finding.advice, width, "value")
    return lines


def mark_lines(mark: str, sentences: Sequence[str], width: int, role: str) -> list[Line]:
    """Sentences, each behind the same sign."""
    return [line for text in sentences for line in _folded([(f"{mark} ", role)], text, width, role)]


def _folded(head: list[Piece], text: str, width: int, role: str) -> list[Line]:
    """The text beside its head; where there is little room, below it."""
    indent = sum(len(part) for part, _ in head)
    if width - indent < 24:
        below = fold_words(text, width - 4)
        return [
            Line(tuple(fill(head, width))),
            *(Line(tuple(fill([("    ", role), (part, role)], width))) for part in below),
        ]
    folded = fold_words(text, width - indent)
    return [
        Line(tuple(fill([*(head if index == 0 else [(" " * indent, role)]), (part, role)], width)))
        for index, part in enumerate(folded)
    ]
