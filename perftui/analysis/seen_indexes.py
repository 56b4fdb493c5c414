"""The indexes that plans were seen to use, where the server's own list cannot be read."""

import re
from collections.abc import Iterable

from perftui.advice.load import ShapeLoad
from perftui.model.index import Index, KeyDirection, KeyPattern

_SCAN = re.compile(r"(?:IXSCAN|COUNT_SCAN|DISTINCT_SCAN|TEXT|TEXT_MATCH|GEO_NEAR_2DSPHERE) \{ ([^{}]+) \}")
_PAIR = re.compile(r'([\w.$*-]+): (-?[0-9]+(?:\.0)?|"\w+")')
_ID = Index(name="_id_", keys=(("_id", 1),))


def seen_indexes(loads: Iterable[ShapeLoad]) -> tuple[Index, ...]:
    """With the names that the server gives by itself: the real ones are not known."""
    found: dict[KeyPattern, Index] = {_ID.keys: _ID}
    for load in loads:
        for scan in _SCAN.finditer(load.plan_summary or ""):
            keys = tuple((name, _way(way)) for name, way in _PAIR.findall(scan[1]))
            if keys and keys not in found:
                found[keys] = Index(name="_".join(f"{name}_{way}" for name, way in keys), keys=keys)
    return tuple(found.values())


def _way(text: str) -> KeyDirection:
    return text.strip('"') if text.startswith('"') else int(float(text))
