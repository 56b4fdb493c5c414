"""What queries cost on a server, and what an index changed."""

from typing import Literal

from perftui.model.analysis import Analysis
from perftui.model.base import Model
from perftui.model.bench.comparison import Comparison


class Counters(Model, frozen=True, kw_only=True):
    """Of one execution, as `explain` with `executionStats` counted it; not timed beside the others."""

    keys_examined: int | None = None
    docs_examined: int | None = None
    returned: int | None = None
    server_ms: float | None = None
    """With the cost of being explained."""
    plan_summary: str | None = None
    stages: str = ""
    """From the last to the first: `LIMIT < SORT (12 MB) < COLLSCAN`."""
    indexes: tuple[str, ...] = ()
    sorts: bool = False
    """It sorts what no index holds in order."""


class Agreement(Model, frozen=True, kw_only=True):
    """How the result of one strategy compares with that of the first."""

    base: str
    name: str
    state: Literal["same", "other order", "different", "not known"]
    why: str


class QueryShape(Model, frozen=True, kw_only=True):
    """The query with its values left out."""

    id: str
    text: str


class QueryDocument(Model, frozen=True, kw_only=True):
    """One query; its times are those of the benchmark of its name."""

    name: str
    ns: str
    op: str
    shape: QueryShape
    sample: str
    """As it is run; without its values unless they were asked for."""
    counters: Counters | None
    documents_fetched: int | None
    """By each execution: documents, or values of a `distinct`; a `count` is one."""
    failure: str | None
    """A sentence; `None` where it ran."""


class QuestionDocument(Model, frozen=True, kw_only=True):
    """A question with the strategies for it, which are compared with the first that ran."""

    name: str
    queries: tuple[QueryDocument, ...]
    agreements: tuple[Agreement, ...]
    comparisons: tuple[Comparison, ...]


class IndexEffectDocument(Model, frozen=True, kw_only=True):
    """One query without and with an index."""

    name: str
    before: Counters | None
    after: Counters | None
    failures: tuple[str | None, str | None]
    """Of both, as sentences."""
    comparison: Comparison | None
    """`None`: it ran only without the index, or only with it, or the server does not use the index for it."""


class MongoBenchDocument(Model, frozen=True, kw_only=True):
    """What `perftui bench mongo` found on one server."""

    schema: Literal["perftui.bench-mongo/1"] = "perftui.bench-mongo/1"
    server: str
    """The member's address."""
    server_version: str | None
    operations: int
    """Commands that were sent: executions, fetches of more, explains."""
    questions: tuple[QuestionDocument, ...]
    index: str | None
    """The indexes tried, in words."""
    effects: tuple[IndexEffectDocument, ...]
    analysis: Analysis | None
    notes: tuple[str, ...]
