"""What `perftui demo --prove` found: each figure before and after, beside what the older system claims for itself."""

from typing import Literal

from perftui.demo.probe import LoadFigures, QueryFigures
from perftui.model.analysis import Recommendation
from perftui.model.base import Model
from perftui.model.index import KeyPattern


class Row(Model, frozen=True, kw_only=True):
    """One figure of the table."""

    name: str
    unit: Literal["ms", "share", "a request"]
    before: float | None
    after: float | None
    ratio: float | None
    """How many times better."""
    claim: float | None = None
    """The older system's ratio; `None`: it claims nothing of this."""
    note: str = ""

    @property
    def beaten(self) -> bool | None:
        return None if self.claim is None or self.ratio is None else self.ratio > self.claim


class OlderIndex(Model, frozen=True, kw_only=True):
    """An index of the older system, and what advice found for the same question."""

    collection: str
    keys: KeyPattern
    found: str | None = None
    """The name of the index that serves the same question; `None`: none was recommended."""


class UniqueChoice(Model, frozen=True, kw_only=True):
    """A field that could be unique: the user's choice."""

    ns: str
    field: str
    duplicates: int


class DemoProof(Model, frozen=True, kw_only=True):
    schema: Literal["perftui.demo-proof/1"] = "perftui.demo-proof/1"
    documents: int
    seed: int
    calls: int
    rate_per_s: float
    ttl_s: int
    """How long a page stays in the cache, in every run."""
    rows: tuple[Row, ...]
    recommendations: tuple[Recommendation, ...]
    older_indexes: tuple[OlderIndex, ...]
    unique_choices: tuple[UniqueChoice, ...] = ()
    warmed_keys: int
    warming_operations: int
    """What the warming itself asked of MongoDB, beside the operations of the requests."""
    before: LoadFigures
    indexed: LoadFigures
    warmed: LoadFigures
    queries_before: dict[str, QueryFigures]
    queries_after: dict[str, QueryFigures]
    problems: tuple[str, ...] = ()
    """Sentences: what failed on the way."""

    @property
    def holds(self) -> bool:
        """Every claim is beaten, every older index found, and nothing failed."""
        return (
            not self.problems
            and all(row.beaten is not False and (row.claim is None or row.ratio is not None) for row in self.rows)
            and all(index.found for index in self.older_indexes)
        )


_CLAIMS = {"category query": 30.0, "text search": 20.0, "popular prompts": 25.0}
_ENDPOINTS_CLAIM, _HIT_RATE_CLAIM, _OPERATIONS_CLAIM = 5.3, 85 / 40, 2.0
_TEXT_NOTE = "a regular expression before, $text after: a change of the application"

OLDER_INDEXES = (
    OlderIndex(collection="prompts", keys=(("category", 1), ("active", 1), ("createdAt", -1))),
    OlderIndex(collection="prompts", keys=(("pattern", 1), ("active", 1))),
    OlderIndex(collection="prompts", keys=(("active", 1), ("favorites", -1))),
    OlderIndex(collection="prompts", keys=(("title", "text"), ("description", "text"), ("tags", "text"))),
    OlderIndex(collection="prompts", keys=(("featured", 1), ("createdAt", -1))),
    OlderIndex(collection="prompts", keys=(("slug", 1),)),
    OlderIndex(collection="users", keys=(("email", 1),)),
    OlderIndex(collection="users", keys=(("role", 1), ("active", 1))),
    OlderIndex(collection="users", keys=(("active", 1), ("lastLogin", -1))),
)
"""Only compared with: the advice never sees them."""


def rows_of(
    before: LoadFigures,
    indexed: LoadFigures,
    warmed: LoadFigures,
    queries_before: dict[str, QueryFigures],
    queries_after: dict[str, QueryFigures],
) -> tuple[Row, ...]:
    """The table: queries and endpoints before and after the indexes, the cache before and after it was warmed."""
    rows = [
        _less(
            name,
            "ms",
            queries_before[name].p50_ms,
            queries_after[name].p50_ms,
            claim,
            f"median; {_TEXT_NOTE}" if name == "text search" else "median",
        )
        for name, claim in _CLAIMS.items()
    ]
    rows.append(_less("p95 of the endpoints", "ms", before.p95_ms, indexed.p95_ms, _ENDPOINTS_CLAIM))
    rows.append(_hit_rate(before.hit_rate, warmed.hit_rate))
    rows.append(
        _less(
            "MongoDB operations",
            "a request",
            before.operations_per_request,
            warmed.operations_per_request,
            _OPERATIONS_CLAIM,
        )
    )
    examined = before.documents_examined_per_request, warmed.documents_examined_per_request
    rows.append(_less("documents examined", "a request", *examined))
    return tuple(rows)


def found_for(older: OlderIndex, recommendations: tuple[Recommendation, ...]) -> OlderIndex:
    """Which recommendation answers the same question: of those that hold all of its fields the shortest."""
    serving = [one for one in recommendations if one.ns.partition(".")[2] == older.collection and _serves(one, older)]
    if not serving:
        return older
    shortest = min(serving, key=lambda one: len(one.keys))
    same = next((one for one in serving if one.keys[: len(older.keys)] == older.keys), shortest)
    return OlderIndex(collection=older.collection, keys=older.keys, found=same.name)


def _serves(one: Recommendation, older: OlderIndex) -> bool:
    wanted, kinds = {field for field, _ in older.keys}, {kind for _, kind in older.keys}
    if "text" in kinds:
        return any(kind == "text" for _, kind in one.keys) and wanted <= {field for field, _ in one.keys}
    return wanted <= {field for field, _ in one.keys} and not any(isinstance(kind, str) for _, kind in one.keys)


def _less(
    name: str,
    unit: Literal["ms", "a request"],
    before: float | None,
    after: float | None,
    claim: float | None = None,
    note: str = "",
) -> Row:
    ratio = before / after if before is not None and after else None
    return Row(name=name, unit=unit, before=before, after=after, ratio=ratio, claim=claim, note=note)


def _hit_rate(before: float | None, after: float | None) -> Row:
    ratio = after / before if after is not None and before else None
    note = "the same keys, load and lifetime; warmed before the first request"
    return Row(
        name="hit rate of the cache",
        unit="share",
        before=before,
        after=after,
        ratio=ratio,
        claim=_HIT_RATE_CLAIM,
        note=note,
    )
