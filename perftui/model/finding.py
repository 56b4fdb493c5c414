"""What is wrong with a shape, a plan or an index, and what a shape is worth on a scale of 0 to 100."""

from typing import Literal

from perftui.model.base import Model

FindingSeverity = Literal["info", "warning", "critical"]


class Finding(Model, frozen=True, kw_only=True):
    """One thing that is wrong."""

    code: str
    """A stable code such as `collection-scan`, explained in docs/findings.md."""
    severity: FindingSeverity
    message: str
    """One sentence: what is wrong, with its figures."""
    advice: str = ""
    """One sentence: what to do."""


class Penalty(Model, frozen=True, kw_only=True):
    """Points that a shape loses."""

    code: str
    points: int
    reason: str


class Assessment(Model, frozen=True, kw_only=True):
    """A shape's score with the penalties that make it, and its findings, worst first."""

    score: int
    """100 less the penalties, never below 0."""
    penalties: tuple[Penalty, ...] = ()
    findings: tuple[Finding, ...] = ()
