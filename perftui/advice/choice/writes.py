"""What an index costs in writes, and what it takes on disk."""

from perftui.advice.choice.options import HELPS_SAVING, WRITE_COST
from perftui.advice.costs.columns import Column
from perftui.advice.costs.data import Data
from perftui.advice.costs.spec import Spec
from perftui.advice.filters.bson_order import DATE, NUMBER, OBJECT_ID, STRING, Key
from perftui.advice.filters.matching import matching
from perftui.advice.filters.paths import ParallelArraysError, index_keys
from perftui.advice.load import WriteLoad

_SIZED = 500
_KEY_BYTES, _ID_BYTES = 4.0, 3.0
_COMPRESSED = 0.55
"""Prefix compression of sorted keys."""


def keys_per_document(spec: Spec, data: Data) -> float:
    """Index keys that one document has; an array has one for each element."""
    if not data.size:
        return 1.0
    arrays = [path for path in spec.paths if data.column(path).multikey]
    share = 1.0
    if spec.partial is not None:
        share = matching(data, spec.partial).bit_count() / data.size
    if not arrays:
        return share * _held_share(spec, data)
    documents = data.documents[:_SIZED]
    return share * sum(_count(document, arrays) for document in documents) / len(documents)


def _held_share(spec: Spec, data: Data) -> float:
    if not spec.sparse:
        return 1.0
    missing = data.everything
    for path in spec.paths:
        missing &= data.column(path).missing
    return 1 - missing.bit_count() / data.size


def _count(document: object, arrays: list[str]) -> int:
    try:
        return len(index_keys(document, arrays))
    except ParallelArraysError:
        return 1


def written(spec: Spec, writes: WriteLoad, data: Data) -> float:
    """Index keys written in the time of the workload; a changed value is a key removed and one added."""
    each = keys_per_document(spec, data)
    changed = 0.0
    for path, number in (writes.updated or {}).items():
        if any(_touches(path, own) for own in spec.paths):
            changed = max(changed, number)
    return (writes.inserted + writes.deleted + 2 * changed) * each


def _touches(written_path: str, own: str) -> bool:
    return written_path == own or written_path.startswith(own + ".") or own.startswith(written_path + ".")


def paid(saved: float, executions: float, keys: float) -> bool:
    """Whether reads save more than the writes cost, by as much as makes an index worth having."""
    return executions > 0 and (saved - WRITE_COST * keys) / executions >= min(HELPS_SAVING, 0.5 * saved / executions)


def size_bytes(spec: Spec, data: Data) -> int | None:
    """Of the finished index, estimated from the sampled values."""
    if not data.size or spec.special == "text":
        return None
    wide = sum(_width(data.column(path)) for path in spec.paths)
    count = data.total * keys_per_document(spec, data)
    return int(max(4096, count * (_KEY_BYTES + _ID_BYTES + wide * _COMPRESSED)))


def _width(column: Column) -> float:
    keys = column.distinct[:: max(1, len(column.distinct) // 100)]
    return sum(map(_bytes, keys)) / len(keys) if keys else 1.0


def _bytes(key: Key) -> float:
    if key[0] == STRING:
        return len(key[1]) + 2.0 if isinstance(key[1], str) else 12.0
    return {NUMBER: 5.0, DATE: 9.0, OBJECT_ID: 13.0}.get(key[0], 2.0 if key[0] <= NUMBER else 12.0)
