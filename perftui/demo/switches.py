"""Which of its caches the demo's application uses now."""

from collections.abc import Mapping

import msgspec

from perftui.model.base import Model

_ON, _OFF = "on", "off"


class Switches(Model, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True):
    """What is on; the defaults are what the application starts with."""

    read_through: bool = True
    """Pages are kept in Redis, loaded once however many ask, and given out stale while they are renewed."""
    invalidation: bool = True
    """A write ends the pages that show it, a change stream the query cache's results; else all live by their TTL."""
    warming: bool = False
    """The most used pages are loaded before anybody misses them."""
    query_cache: bool = False
    """Results of queries on prompts are kept in the application's memory."""


NAMES = Switches.__struct_encode_fields__
"""As they are typed: `read-through`, `query-cache`."""


class CachesState(Model, frozen=True, kw_only=True):
    """What the application says of its caches."""

    switches: Switches
    query_results_end_by: str | None = None
    """`change stream` or `ttl`; `None` while the query cache is off."""
    why: str = ""
    """Why it is not a change stream."""
    pages_warmed: int | None = None
    """In the last run of the warmer; `None` while warming is off."""


def parse_switch(text: str) -> tuple[str, bool]:
    """`warming=on` -> `("warming", True)`. Raises `ValueError` with a sentence."""
    name, _, state = text.partition("=")
    if name not in NAMES or state not in (_ON, _OFF):
        raise ValueError(f"write it as NAME={_ON} or NAME={_OFF}; the names are {', '.join(NAMES)}")
    return name, state == _ON


def switched(switches: Switches, changes: Mapping[str, bool]) -> Switches:
    """With some of them on or off. Raises `ValueError` for a name that is none of them, or a state that is none."""
    try:
        return msgspec.convert({**msgspec.to_builtins(switches), **changes}, Switches)
    except msgspec.ValidationError as error:
        raise ValueError(f"{error}; the names are {', '.join(NAMES)}, the states true and false") from None
