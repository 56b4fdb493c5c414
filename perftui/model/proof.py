"""Whether an index helped: its shapes before and after, from the real workload."""

from typing import Literal

from perftui.model.base import Model
from perftui.model.index import KeyPattern
from perftui.model.query import QuerySource

ProofSource = QuerySource | Literal["application"]
AftermathVerdict = Literal["helped", "worse", "no difference", "used", "not used", "gone", "too little"]
Verdict = Literal["helped", "no difference", "worse", "waiting", "not measured"]


class Measured(Model, frozen=True, kw_only=True):
    """What one shape did in a stretch of time. Counters are means of one execution."""

    read_from: ProofSource
    only_slow: bool = False
    """Executions below a threshold are missing: latencies are those of the slow ones."""
    since: float
    until: float
    executions: int
    p50_ms: float | None = None
    p95_ms: float | None = None
    keys_examined: float | None = None
    documents_examined: float | None = None
    plan: str | None = None


class ProofShape(Model, frozen=True, kw_only=True):
    """A shape that an index is to serve, as it was before."""

    id: str
    shape: str
    before: Measured | None = None
    in_application: Measured | None = None
    """The same as the application's own document had it."""


class ProofStart(Model, frozen=True, kw_only=True):
    """An index of ours, and what there was before it."""

    id: str
    """Of the journal's entry: its undo."""
    target_id: str
    """The connection that it was created through."""
    ns: str
    index: str
    keys: KeyPattern = ()
    finished_at: float
    """When the build was done, Unix seconds of this machine."""
    shapes: tuple[ProofShape, ...] = ()
    is_next: bool = False
    """The key `u` takes back this very entry; else there is a newer one, or that is not known."""

    @property
    def way_back(self) -> str:
        return f"{'u' if self.is_next else f'perftui index undo TARGET {self.id[:8]}'} takes it back"


class ShapeProof(Model, frozen=True, kw_only=True):
    id: str
    shape: str
    before: Measured | None = None
    after: Measured | None = None
    verdict: Verdict
    message: str
    """One sentence: what changed, or why it cannot be told."""


class Aftermath(Model, frozen=True, kw_only=True):
    """What became of an index of ours, as far as one session has seen."""

    ns: str
    index: str
    seen_at: float
    verdict: AftermathVerdict
    message: str
    """Such as `p95 152 ms to 6 ms over 41,000 runs`; begins small, without a full stop."""
    executions: int | None = None
    """How many the figures are of."""
    uses: int | None = None
    """On all members that were read."""
    told: bool = False
    """The first start after it has said so."""

    @property
    def conclusive(self) -> bool:
        return self.verdict != "too little"


class IndexProof(Model, frozen=True, kw_only=True):
    """One index of ours and what it did for its shapes."""

    id: str
    ns: str
    index: str
    finished_at: float
    uses: int | None = None
    """How often this member used it since it is there."""
    shapes: tuple[ShapeProof, ...] = ()
    verdict: Verdict
    message: str
