"""Patterns of keys, as Redis reads them: `*`, `?`, `[abc]`, `[^a]`, `[a-z]`, and a backslash before what is meant."""

import re
from collections.abc import Iterator
from functools import lru_cache

_SPECIAL = "*?[]\\"


@lru_cache(maxsize=256)
def pattern_regex(pattern: str) -> re.Pattern[str]:
    """An expression whose `fullmatch` agrees with Redis."""
    return re.compile("".join(_parts(pattern)), re.DOTALL)


def escaped(text: str) -> str:
    """A pattern that means just this text."""
    return "".join("\\" + letter if letter in _SPECIAL else letter for letter in text)


def _parts(pattern: str) -> Iterator[str]:
    at = 0
    while at < len(pattern):
        letter = pattern[at]
        at += 1
        if letter == "*":
            yield ".*"
        elif letter == "?":
            yield "."
        elif letter == "[":
            part, at = _class(pattern, at)
            yield part
        elif letter == "\\" and at < len(pattern):
            yield re.escape(pattern[at])
            at += 1
        else:
            yield re.escape(letter)


def _class(pattern: str, at: int) -> tuple[str, int]:
    """One bracket, from behind its `[`; one that is not closed ends with the pattern."""
    negated = pattern[at : at + 1] == "^"
    at += negated
    members = []
    while at < len(pattern) and pattern[at] != "]":
        if pattern[at] == "\\" and at + 1 < len(pattern):
            at += 1
            members.append(re.escape(pattern[at]))
        elif pattern[at + 1 : at + 2] == "-" and at + 2 < len(pattern):
            first, last = sorted((pattern[at], pattern[at + 2]))
            members.append(f"{re.escape(first)}-{re.escape(last)}")
            at += 2
        else:
            members.append(re.escape(pattern[at]))
        at += 1
    inside = "".join(members)
    if not inside:
        return ("." if negated else r"(?!)"), at + 1
    return f"[{'^' if negated else ''}{inside}]", at + 1
