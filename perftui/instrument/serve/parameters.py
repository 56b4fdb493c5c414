"""What a request asks for. Whatever cannot be read is refused in words, never guessed."""

from collections.abc import Collection, Mapping
from typing import NamedTuple
from urllib.parse import parse_qsl

from perftui.instrument.budgets import window_minutes
from perftui.instrument.serve.exchange import Refused
from perftui.model.metrics import SECTIONS

DEFAULT_WINDOW = "5m"
MOST_MINUTES = 60
MOST_ENTRIES = 1000
_MOST_PARAMETERS = 20
_LONGEST_QUERY = 2000


class Asked(NamedTuple):
    """The sections and the window of a document."""

    sections: tuple[str, ...] = SECTIONS
    minutes: int = 5
    top: int = 50
    raw_keys: bool = False
    """Keys of caches as they are, of those caches whose application allows it."""


def asked_document(query: str) -> Asked:
    """`type=api,query&window=5m&top=10&keys=raw`. Raises `Refused`."""
    given = parameters(query, ("type", "window", "top", "keys"))
    return Asked(
        sections_of(given.get("type", "all")),
        _minutes(given.get("window", DEFAULT_WINDOW)),
        _whole(given.get("top", "50"), "top", MOST_ENTRIES),
        _raw_keys(given.get("keys", "templates")),
    )


def asked_older(query: str) -> Asked:
    """`type=all&window=5`, the window in minutes. Raises `Refused`."""
    given = parameters(query, ("type", "window"))
    minutes = _whole(given.get("window", "5"), "window (minutes)", MOST_MINUTES)
    return Asked(sections_of(given.get("type", "all")), minutes, MOST_ENTRIES)


def asked_text(query: str) -> tuple[str, ...]:
    """The sections; a scraper's other parameters are its own. Raises `Refused`."""
    return sections_of(parameters(query, ()).get("type", "all"))


def parameters(query: str, known: Collection[str]) -> Mapping[str, str]:
    """Each parameter once; with `known` no other. Raises `Refused`."""
    if len(query) > _LONGEST_QUERY:
        raise Refused(400, f"the query is longer than {_LONGEST_QUERY} characters")
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
    except ValueError:
        raise Refused(400, f"the query has more than {_MOST_PARAMETERS} parameters") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if known and name not in known:
            raise Refused(400, f"unknown parameter {name[:40]!r}; known are {', '.join(sorted(known))}")
        if found.setdefault(name, value) != value:
            raise Refused(400, f"{name[:40]!r} is given twice, with two values")
    return found


def sections_of(text: str) -> tuple[str, ...]:
    """`api,query`, or `all`. Raises `Refused`."""
    sections = tuple(part.strip() for part in text.split(","))
    if sections == ("all",):
        return SECTIONS
    for section in sections:
        if section not in SECTIONS:
            raise Refused(400, f"unknown type {section[:40]!r}; known are {', '.join(SECTIONS)} and all")
    return sections


def _raw_keys(text: str) -> bool:
    if text not in ("templates", "raw"):
        raise Refused(400, f"keys must be templates or raw, not {text[:40]!r}")
    return text == "raw"


def _minutes(text: str) -> int:
    try:
        return window_minutes(text)
    except ValueError as error:
        raise Refused(400, str(error)) from None


def _whole(text: str, name: str, largest: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= largest):
        raise Refused(400, f"{name} must be a whole number from 1 to {largest}, not {text[:40]!r}")
    return int(text)
