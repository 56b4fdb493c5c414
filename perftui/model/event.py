"""Something that happened, for the Events screen and the marks on the time axis."""

from typing import Literal

from perftui.model.base import Model

Severity = Literal["info", "warning", "critical", "recovered"]


class Event(Model, frozen=True, kw_only=True):
    at: float
    target_id: str
    kind: str
    """A stable code such as `source.lost`, `role.changed`, `threshold.crossed`, `verdict.problem`, `action.done`."""
    severity: Severity
    message: str
    """One sentence in words."""
    subject: str | None = None
    """What it is about: a source, an endpoint's method and route, a threshold's name, a verdict's code."""
