"""What a check found: each limit on each thing, what could not be judged and why, and whether the build fails."""

from typing import Literal

from perftui.model.base import Model
from perftui.model.budgets.limits import On

CheckVerdict = Literal["pass", "fail", "unjudged", "left out"]


class Check(Model, frozen=True, kw_only=True):
    """One limit on one thing, or on nothing that was seen."""

    verdict: CheckVerdict
    fails: bool
    """The build fails by it: what is beyond its limit, and what nothing could be judged of."""
    on: On
    budget: str
    """Its pattern."""
    limit: str
    origin: Literal["given", "carried"]
    """Given to the check, or carried by what was checked: an application's own."""
    source: str | None = None
    subject: str | None = None
    """`None`: nothing matched."""
    value: float | None = None
    """Seconds, a share, a rate a second, a number or points; so is the limit's value."""
    limit_value: float | None = None
    samples: int | None = None
    window_s: float | None = None
    covered_s: float | None = None
    """For how much of the window there are figures."""
    over_since: float | None = None
    """Of a session: when it first was over, in Unix seconds."""
    message: str
    help: str = ""


class Unreached(Model, frozen=True, kw_only=True):
    """A source that gave no figures."""

    source: str
    why: str
    help: str


class CheckReport(Model, frozen=True, kw_only=True):
    """All of them, those that fail first: what `perftui check --json` prints."""

    schema: Literal["perftui.check/1"] = "perftui.check/1"
    ok: bool
    """What the exit code says."""
    checks: tuple[Check, ...]
    unreached: tuple[Unreached, ...] = ()
    remarks: tuple[str, ...] = ()

    def of(self, verdict: CheckVerdict) -> list[Check]:
        return [check for check in self.checks if check.verdict == verdict]
