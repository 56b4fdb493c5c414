"""The indexes that plan summaries tell of, where the indexes themselves could not be read."""

import re
from collections.abc import Sequence

from perftui.advice.load import ShapeLoad
from perftui.advice.words.mongosh import index_name
from perftui.model.index import Index, KeyPattern

_SCAN = re.compile(r"(?:IXSCAN|DISTINCT_SCAN|COUNT_SCAN) \{([^}]*)\}")
_FIELD = re.compile(r"\s*\"?([^\":,]+)\"?\s*:\s*(-?1)(?:\.0)?\s*")


def seen_indexes(loads: Sequence[ShapeLoad], ns: str) -> tuple[Index, ...]:
    """Each once, `_id` first."""
    found: dict[KeyPattern, None] = {(("_id", 1),): None}
    for load in loads:
        if load.ns == ns and load.plan_summary:
            for fields in _SCAN.findall(load.plan_summary[:2000]):
                keys = tuple((name.strip(), int(way)) for name, way in _FIELD.findall(fields))
                if keys:
                    found[keys] = None
    return tuple(Index(name="_id_" if keys == (("_id", 1),) else index_name(keys), keys=keys) for keys in found)
