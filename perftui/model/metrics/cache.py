"""The document's section of caches."""

from perftui.model.base import Model
from perftui.model.metrics.figures import BudgetDocument, LatencyDocument, Real, Whole


class EfficiencyDocument(Model, frozen=True, kw_only=True):
    """0 to 100; `None` until there were enough gets."""

    score: Real | None = None
    inputs: dict[str, Real | None] = {}


class KeyDocument(Model, frozen=True, kw_only=True):
    """A key (a template, unless keys were asked for with the right to), asked for `count - error` to `count` times."""

    key: str
    count: Whole
    error: Whole = 0


class ValueSizesDocument(Model, frozen=True, kw_only=True):
    """Sizes in bytes of the values that were sampled; `None` where none was."""

    count: Whole = 0
    sum: Real = 0.0
    min: Real | None = None
    max: Real | None = None
    p50: Real | None = None
    p95: Real | None = None


class CacheDocument(Model, frozen=True, kw_only=True):
    hits: Whole = 0
    misses: Whole = 0
    sets: Whole = 0
    deletes: Whole = 0
    evictions: Whole = 0
    keys: Whole | None = None
    bytes: Whole | None = None
    hit_rate: Real | None = None
    get: LatencyDocument = LatencyDocument()
    set: LatencyDocument = LatencyDocument()
    efficiency: EfficiencyDocument = EfficiencyDocument()
    top_keys: tuple[KeyDocument, ...] = ()
    """Most used first, since the start or the last clear."""
    missed_keys: tuple[KeyDocument, ...] = ()
    """Most missed first: what warming would serve."""
    evictions_by_reason: dict[str, Whole] = {}
    """`capacity`, `memory`, `invalidated`; the rest of `evictions` had no known reason."""
    expirations: Whole = 0
    errors: Whole = 0
    """Operations that raised."""
    value_bytes: ValueSizesDocument = ValueSizesDocument()
    capacity: Whole | None = None
    """How many keys fit."""
    budgets: tuple[BudgetDocument, ...] = ()
    hits_total: Whole | None = None
    """Since the process started; a clear leaves it. So is `misses_total`."""
    misses_total: Whole | None = None
