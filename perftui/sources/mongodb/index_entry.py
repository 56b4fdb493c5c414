"""What listIndexes and `$indexStats` say of an index -> Index, whatever version or damage they come from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

from perftui.model.document_json import to_json, to_plain
from perftui.model.index import Index, KeyDirection, KeyPattern
from perftui.sources.mongodb.plain import NOTHING, part, real, text, whole

_MOST_FIELDS = 64
_MOST_OPTIONS = 8_192
_OWN_FIELDS = frozenset({
    "key", "name", "ns", "unique", "sparse", "hidden", "expireAfterSeconds", "partialFilterExpression", "collation",
    "accesses", "building", "host", "shard", "spec", "of",
})  # fmt: skip

Entry = Mapping[str, Any]


def index_of(entry: Entry, sizes: Entry = NOTHING) -> Index:
    """One entry of listIndexes or of `$indexStats`; `sizes` are the bytes by name.

    With `includeBuildUUIDs` listIndexes wraps the indexes that are not ready; `$indexStats` wraps them all.
    """
    spec = part(entry, "spec") or entry
    accesses = part(entry, "accesses")
    name = str(spec.get("name", "?"))
    return Index(
        name=name,
        keys=key_pattern(spec.get("key")),
        unique=bool(spec.get("unique")),
        sparse=bool(spec.get("sparse")),
        hidden=bool(spec.get("hidden")),
        ttl_s=real(spec.get("expireAfterSeconds")),
        partial_filter=_extended(spec.get("partialFilterExpression")),
        collation=_extended(spec.get("collation")),
        options=_options(spec),
        size_bytes=whole(sizes.get(name)),
        uses=whole(accesses.get("ops")),
        used_since=_seconds(accesses.get("since")),
        building=bool(entry.get("building")) or "buildUUID" in entry or "indexBuildInfo" in entry,
    )


def key_pattern(key: object) -> KeyPattern:
    """Any number below 0 is descending and every other one ascending, as for the server."""
    if not isinstance(key, Mapping):
        return ()
    return tuple((str(field), _direction(way)) for field, way in list(key.items())[:_MOST_FIELDS])


def _direction(way: object) -> KeyDirection:
    kind = text(way)
    if kind:
        return kind
    return -1 if (real(way) or 0.0) < 0 else 1


def _extended(document: object) -> str | None:
    return to_json(document) if isinstance(document, Mapping) else None


def _options(spec: Entry) -> dict[str, Any]:
    others = {str(name): value for name, value in spec.items() if name not in _OWN_FIELDS}
    return cast("dict[str, Any]", to_plain(others, _MOST_OPTIONS))


def _seconds(moment: object) -> float | None:
    return moment.replace(tzinfo=UTC).timestamp() if isinstance(moment, datetime) else None
