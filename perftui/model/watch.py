"""What `perftui watch` prints and delivers: one JSON object a line."""

from typing import Literal

import msgspec

from perftui.model.base import Model, plain
from perftui.model.metrics import BudgetDocument
from perftui.model.verdict import Verdict

WatchKind = Literal["started", "verdict", "budget", "alive", "undelivered", "ended"]
WatchChange = Literal["first", "raised", "changed", "recovered"]


class BudgetAlert(Model, frozen=True, kw_only=True):
    """One limit of one thing."""

    subject: str
    """Such as `GET /api/items/{id}`, a cache's name, or a shape's words."""
    target_id: str
    standing: BudgetDocument
    """The limit, the value against it and since when."""


class DeliveryTally(Model, frozen=True, kw_only=True):
    """What became of the lines that one command or webhook was to get."""

    channel: str
    """Where they go, without secrets."""
    delivered: int = 0
    failed: int = 0
    """Given up after retries, or refused for good."""
    dropped: int = 0
    """Pushed out of a full queue by newer ones, never tried or not to the end."""
    waiting: int = 0

    @property
    def lost(self) -> int:
        return self.failed + self.dropped


class WatchLine(Model, frozen=True, kw_only=True):
    """One line. What a kind does not have is null or empty."""

    schema: Literal["perftui.watch/1"] = "perftui.watch/1"
    kind: WatchKind
    id: str
    """Another for each line; the same when its delivery is tried again."""
    at: float
    severity: Literal["info", "warning", "critical", "recovered"] = "info"
    change: WatchChange | None = None
    """Of `verdict` and `budget`; `first`: what was found at the start, where nothing is wrong."""
    incident: str | None = None
    """The same from `raised` to `recovered`, so that a pager can join them."""
    message: str
    """All of it in one sentence."""
    verdict: Verdict | None = None
    budget: BudgetAlert | None = None
    targets: tuple[str, ...] = ()
    """Of `started`: addresses without secrets."""
    deliveries: tuple[DeliveryTally, ...] = ()
    """Of `undelivered` and `ended`."""
    told: int = 0
    """Of `alive` and `ended`: how many alerts there were since the start."""
    exit_code: int | None = None
    """Of `ended`."""

    def to_json(self) -> bytes:
        return msgspec.json.encode(self, enc_hook=plain)
