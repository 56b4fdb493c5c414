"""Columns of a terminal that a text takes, and text cut and filled to them."""

import unicodedata
from functools import lru_cache


def width(text: str) -> int:
    """A wide character (CJK, most emoji) takes two columns, a combining or invisible one none."""
    return len(text) if text.isascii() else sum(_columns(character) for character in text)


def fitted(text: str, columns: int, *, right: bool = False) -> str:
    """Exactly so many columns: cut with an ellipsis, or filled with blanks, in front where `right`."""
    if width(text) > columns:
        text = _cut(text, columns - 1) + "…"
    blanks = " " * (columns - width(text))
    return blanks + text if right else text + blanks


def _cut(text: str, columns: int) -> str:
    used = 0
    for at, character in enumerate(text):
        used += _columns(character)
        if used > columns:
            return text[:at]
    return text


@lru_cache(maxsize=4096)
def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
