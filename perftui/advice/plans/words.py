"""A plan and its stages in words, and what is true of a plan as a whole."""

from collections.abc import Iterator

from perftui.advice.plans.walk import COLLECTION_SCANS, own_stages, stages
from perftui.advice.words.figures import size
from perftui.model.index import KeyPattern
from perftui.model.plan import Plan, Stage

_KEY_READERS = frozenset(("IXSCAN", "COUNT_SCAN", "DISTINCT_SCAN"))
_DOCUMENT_READERS = COLLECTION_SCANS | {"FETCH", "IDHACK", "CLUSTERED_IXSCAN", "MULTI_ITERATOR"}
_BY_ID = frozenset(("IDHACK", "EOF", "RECORD_STORE_FAST_COUNT", "MULTI_ITERATOR", "CLUSTERED_IXSCAN"))
_WAYS = {1: "asc", -1: "desc"}


def stage_words(stage: Stage) -> str:
    """One line: `IXSCAN category_1_createdAt_-1`, `SORT createdAt desc, top 20, 12 MB`."""
    words = [word for word in _words(stage) if word]
    shard = f"{stage.shard}: " if stage.shard else ""
    return f"{shard}{stage.name} {', '.join(words)}".rstrip()


def _words(stage: Stage) -> Iterator[str]:
    yield stage.index or ""
    yield stage.ns or ""
    yield ", ".join(f"{field} {_WAYS.get(way, way) if isinstance(way, int) else way}" for field, way in stage.sort)
    if stage.limit is not None:
        yield f"top {stage.limit:,}" if stage.sort else f"{stage.limit:,}"
    yield stage.detail or ""
    yield "backwards" if stage.backwards else ""
    if stage.collection_scans:
        yield f"{stage.collection_scans:,} collection scan{'s' if stage.collection_scans > 1 else ''}"
    yield size(stage.memory_bytes) if stage.memory_bytes else ""
    yield "spilled to disk" if stage.used_disk or stage.spills else ""


def plan_summary(plan: Plan) -> str:
    """What the server's own planSummary says: `IXSCAN { category: 1 }, COLLSCAN`; each way of reading once."""
    found = dict.fromkeys(_summary(stage) for stage in own_stages(plan))
    return ", ".join(text for text in found if text)


def _summary(stage: Stage) -> str:
    reads = stage.name in _KEY_READERS or stage.name.startswith(("EXPRESS_", "GEO_NEAR"))
    if reads:
        return f"{stage.name} {_pattern(stage.keys)}".rstrip()
    return stage.name if stage.name in COLLECTION_SCANS | _BY_ID else ""


def _pattern(keys: KeyPattern) -> str:
    fields = ", ".join(f'{field}: "{way}"' if isinstance(way, str) else f"{field}: {way}" for field, way in keys)
    return f"{{ {fields} }}" if fields else ""


def fetches(plan: Plan) -> list[Stage]:
    """Where documents are read by what an index found."""
    return [stage for stage in stages(plan.winning) if stage.name == "FETCH"]


def is_covered(plan: Plan) -> bool:
    """An index alone answers it: it reads keys, and no document."""
    names = {stage.name for stage in stages(plan.winning)}
    return bool(names & _KEY_READERS) and not names & _DOCUMENT_READERS and not plan.documents_examined


def memory_bytes(plan: Plan) -> int | None:
    """What its sorts and groups held in memory together; `None` where none says."""
    known = [stage.memory_bytes for stage in stages(plan.winning) if stage.memory_bytes is not None]
    return sum(known) if known else None
