"""The document's section of MongoDB's commands and the pools that they go through."""

from perftui.model.base import Model
from perftui.model.metrics.figures import BudgetDocument, LatencyDocument, Real, Whole


class QueryGroupDocument(Model, frozen=True, kw_only=True):
    name: str
    latency: LatencyDocument = LatencyDocument()
    errors: Whole = 0


class QueryCallerDocument(Model, frozen=True, kw_only=True):
    """An endpoint that sent commands of a shape."""

    method: str
    route: str
    calls: Whole = 0
    calls_total: Whole | None = None
    """Since the process started; a clear leaves it."""


class QueryFindingDocument(Model, frozen=True, kw_only=True):
    """What is wrong with a shape's plan, as in docs/findings.md."""

    code: str
    severity: str
    message: str
    advice: str = ""


class QueryShapeDocument(Model, frozen=True, kw_only=True):
    id: str
    collection: str
    """Database and collection."""
    op: str
    shape: str
    count: Whole = 0
    latency: LatencyDocument = LatencyDocument()
    errors: Whole = 0
    get_mores: Whole | None = None
    get_more_s: Real | None = None
    """Time spent in the cursors' further batches, beside `latency`."""
    examined: Whole | None = None
    """Documents that one execution examined; `None` unless the application permitted to explain with figures."""
    returned: Whole | None = None
    """Documents or values of reads, in the window."""
    plan: str | None = None
    """The newest plan in short, such as `IXSCAN { a: 1 }` or `COLLSCAN`."""
    advice: tuple[str, ...] = ()
    """What to do, worst finding first."""
    slow: Whole | None = None
    """Commands over the slow threshold, in the window."""
    warnings: Whole | None = None
    """Commands over the warning threshold, and not slow."""
    error_codes: dict[str, Whole] = {}
    """Errors by the server's code; `network`: there was no answer."""
    matched: Whole | None = None
    """Documents that updates, deletes and findAndModify found."""
    modified: Whole | None = None
    """Documents that writes changed, inserted or deleted."""
    retries: Whole | None = None
    """Commands that the driver sent once more."""
    cursors_killed: Whole | None = None
    """Cursors that were closed before their end."""
    callers: tuple[QueryCallerDocument, ...] = ()
    """Endpoints with the most commands of this shape."""
    score: Whole | None = None
    """0 to 100, from the plan."""
    findings: tuple[QueryFindingDocument, ...] = ()
    explained_at: Real | None = None
    keys_examined: Whole | None = None
    """Like `examined`."""
    over: tuple[str, ...] = ()
    """Which thresholds of examined documents it is over, in words."""
    unexplained: str | None = None
    """Why a slow shape has no plan."""
    budgets: tuple[BudgetDocument, ...] = ()


class SlowQueryDocument(Model, frozen=True, kw_only=True):
    at: Real
    shape_id: str
    collection: str
    duration_s: Real
    op: str | None = None
    method: str | None = None
    """Of the request that sent it."""
    route: str | None = None
    returned: Whole | None = None
    """Documents of its first batch."""


class QueryPoolDocument(Model, frozen=True, kw_only=True):
    """Connections to one server, of all clients of all workers."""

    address: str
    clients: Whole = 0
    size: Whole = 0
    """Open now."""
    in_use: Whole = 0
    waiting: Whole = 0
    """Commands that wait for a connection now."""
    max_size: Whole | None = None
    """What the pools may hold in all; `None`: without limit."""
    min_size: Whole = 0
    wait: LatencyDocument = LatencyDocument()
    """How long commands waited for a connection: one for each that got one."""
    created: Whole = 0
    closed: dict[str, Whole] = {}
    """By reason: `idle`, `stale`, `error`, `pool`."""
    failed: dict[str, Whole] = {}
    """Waits without a connection, by reason: `timeout`, `error`, `closed`."""
    cleared: Whole = 0
    """How often all connections were given up after an error."""
    advice: tuple[str, ...] = ()
    """On the pool's size, with the evidence."""


class QueryDocument(Model, frozen=True, kw_only=True):
    count: Whole = 0
    slow: Whole | None = None
    latency: LatencyDocument = LatencyDocument()
    by_collection: tuple[QueryGroupDocument, ...] = ()
    by_operation: tuple[QueryGroupDocument, ...] = ()
    shapes: tuple[QueryShapeDocument, ...] = ()
    shapes_omitted: Whole = 0
    slow_samples: tuple[SlowQueryDocument, ...] = ()
    """The newest first."""
    warnings: Whole | None = None
    errors: Whole | None = None
    error_codes: dict[str, Whole] = {}
    retries: Whole | None = None
    pools: tuple[QueryPoolDocument, ...] = ()
