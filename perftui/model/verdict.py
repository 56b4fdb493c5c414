"""The verdict: what is wrong now, since when, what it costs, what caused it, and what helps."""

from typing import Literal

import msgspec

from perftui.model.base import Model, plain

VerdictStatus = Literal["looking", "healthy", "problem", "cannot tell"]
"""`looking`: too little was seen yet. `cannot tell`: no problem was seen, but what would show one may not be read."""


class Evidence(Model, frozen=True, kw_only=True):
    """Where the monitor shows it."""

    page: str
    """Title of the tab."""
    row: str | None = None
    """Which row of its table: an operation's id, a shape's id, an endpoint, a collection, a process's id, ..."""


class Problem(Model, frozen=True, kw_only=True):
    """One thing that is wrong. Its sentences are parts of one: they begin small and have no full stop."""

    code: str
    """A stable code such as `missing-index`, explained in docs/verdicts.md."""
    severity: Literal["warning", "critical"]
    target_id: str
    subject: str = ""
    """What of the target: a collection, an operation, an endpoint, a process."""
    what: str
    since: float
    since_known: bool = True
    """False: it was so already when perftui began to look."""
    cost: str = ""
    cause: str = ""
    """As far as the figures show."""
    elsewhere: str = ""
    """What changed, or did not, in the other systems at that time."""
    help: str = ""
    """What helps, as an order: `create the advised index`."""
    action: str | None = None
    """The monitor's action for that, by its name in `[keys]`."""
    command: str | None = None
    """The same from a shell."""
    evidence: Evidence
    figures: dict[str, float] = {}


class Unseen(Model, frozen=True, kw_only=True):
    """What cannot be looked at, and what would allow it."""

    target_id: str
    what: str
    needs: str | None = None
    grant: str | None = None


class Verdict(Model, frozen=True, kw_only=True):
    schema: Literal["perftui.verdict/1"] = "perftui.verdict/1"
    status: VerdictStatus
    at: float
    since: float
    """Since when it is so."""
    problem: Problem | None = None
    """The culprit."""
    effects: tuple[Problem, ...] = ()
    """What follows from it."""
    others: tuple[Problem, ...] = ()
    """What else is wrong, the worst first."""
    looked_at: tuple[str, ...] = ()
    """What was looked at, in words."""
    unseen: tuple[Unseen, ...] = ()
    message: str = ""
    """All of it in one sentence, times in UTC."""

    def to_json(self) -> bytes:
        return msgspec.json.encode(self, enc_hook=plain)
