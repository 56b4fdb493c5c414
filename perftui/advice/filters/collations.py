"""Collations as keys of comparison: near enough to count with."""

import json
import re
import unicodedata
from functools import cache
from typing import Any

from perftui.advice.filters.bson_order import Fold
from perftui.advice.questions.command import canonical_collation

SIMPLE = '{"locale": "simple"}'


def effective(asked: str | None, default: str | None) -> str | None:
    """What a question is compared by: its own collation, else the collection's; `None` is simple comparison."""
    chosen = asked if asked is not None else default
    return None if chosen in (None, SIMPLE) else chosen


def canonical(text: str | None) -> str | None:
    """A collation that came as extended JSON; `None` for simple comparison."""
    if not text:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return text
    canon = canonical_collation(found) if isinstance(found, dict) else text
    return None if canon == SIMPLE else canon


@cache
def fold_of(collation: str | None) -> Fold | None:
    """The comparison key of this collation; the same function for the same collation."""
    if collation is None:
        return None
    options: dict[str, Any] = json.loads(collation)
    strength = int(options.get("strength", 3))
    numeric = bool(options.get("numericOrdering"))
    return lambda text: _fold(text, strength, numeric)


def _fold(text: str, strength: int, numeric: bool) -> Any:
    if strength <= 2 or not text.isascii():
        plain = text.casefold()
        if strength == 1:
            plain = "".join(one for one in unicodedata.normalize("NFD", plain) if not unicodedata.combining(one))
    else:
        plain = text.casefold()
    last = "" if strength <= 2 else text.swapcase()
    if numeric:
        parts = re.split(r"(\d+)", plain)
        return (tuple((int(one), "") if one.isdigit() else (-1, one) for one in parts), last)
    return (plain, last)
