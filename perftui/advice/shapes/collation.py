"""Collations in words: only what differs from the defaults, as two that compare alike are one."""

from collections.abc import Mapping
from typing import Any, Final

from perftui.advice.shapes.walk import name_text

COLLATION_DEFAULTS: Final[dict[str, Any]] = {
    "caseLevel": False,
    "caseFirst": "off",
    "strength": 3,
    "numericOrdering": False,
    "alternate": "non-ignorable",
    "maxVariable": "punct",
    "normalization": False,
    "backwards": False,
}


def collation_text(collation: object) -> str:
    """` collation {locale: fr, strength: 2}`, or nothing for simple comparison."""
    if not isinstance(collation, Mapping) or collation.get("locale") in (None, "simple"):
        return ""
    parts = [
        f"{name_text(str(key))}: {name_text(str(value))}"
        for key, value in list(collation.items())[:12]
        if key not in COLLATION_DEFAULTS or value != COLLATION_DEFAULTS[key]
    ]
    return " collation {" + ", ".join(sorted(parts)) + "}"
