"""Lines of text with states, exact to the cell: what every widget paints."""

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from perftui.model.text import safe_text

Piece = tuple[str, str]
"""Text and the name of its role: a `view.State` or one of the palette's own."""

_BLOCKS = "▁▂▃▄▅▆▇"
"""Without the full block, so that sparklines below each other stay apart."""


class Line(NamedTuple):
    """One line of the terminal. `base` is the role of the line itself: normal, cursor, title, tagged, bar."""

    pieces: tuple[Piece, ...] = ()
    base: str = "normal"


def cells(text: str) -> int:
    """How many cells a text takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, width: int, align: str = "left") -> str:
    """The text made safe and exactly `width` cells wide; a cut ends in an ellipsis."""
    if width <= 0:
        return ""
    if text.isascii() and text.isprintable():
        length = len(text)
    else:
        text = safe_text(text, width * 4 + 8)
        length = cell_len(text)
    if length == width:
        return text
    if length > width:
        cut = text[: width - 1] if length == len(text) else set_cell_size(text, width - 1)
        return cut + "…"
    room = " " * (width - length)
    return room + text if align == "right" else text + room


def width_of(pieces: Sequence[Piece]) -> int:
    return sum(cells(text) for text, _ in pieces)


def fill(pieces: Sequence[Piece], width: int, role: str = "normal") -> list[Piece]:
    """The pieces padded, or cut, to exactly `width` cells."""
    filled: list[Piece] = []
    room = width
    for text, piece_role in pieces:
        if not text.isprintable():
            text = safe_text(text)
        length = cells(text)
        if length > room:
            filled.append((fit(text, room), piece_role))
            return filled
        filled.append((text, piece_role))
        room -= length
    if room:
        filled.append((" " * room, role))
    return filled


def spread(left: Sequence[Piece], right: Sequence[Piece], width: int) -> list[Piece]:
    """Pieces at the left and at the right end; the left ones give way."""
    room = width - width_of(right)
    return [*fill(left, max(room, 0)), *fill(right, min(width, width - max(room, 0)))]


def sparkline(values: Sequence[float | None], width: int, maximum: float | None = None) -> str:
    """The last `width` values as blocks from 0 to `maximum` (the largest value unless told); a gap is a blank."""
    shown = list(values[-width:]) if width > 0 else []
    top = maximum or max((value for value in shown if value is not None), default=0.0)
    if not top or top <= 0:
        top = 1.0
    text = "".join(" " if value is None else _block(value / top) for value in shown)
    return text.rjust(width)


def _block(level: float) -> str:
    return _BLOCKS[min(max(round(level * 6), 0), 6)]


def bar(level: float | None, width: int) -> str:
    """A bar of `width` cells in the manner of htop: full for 1."""
    filled = 0 if level is None else round(min(max(level, 0.0), 1.0) * width)
    return "|" * filled + " " * (width - filled)


@lru_cache(maxsize=8)
def wrap(text: str, width: int, limit: int) -> tuple[str, ...]:
    """The text made safe and folded into at most `limit` lines; the last one says how much is left out."""
    width = max(width, 8)
    folded: list[str] = []
    rest = safe_text(text[: width * limit + width])
    while rest and len(folded) < limit:
        line = rest[:width] if rest[:width].isascii() else _cells_prefix(rest, width)
        folded.append(line)
        rest = rest[len(line) :]
    left = len(text) - sum(len(line) for line in folded)
    if left > 0 and folded:
        note = fit(f" … {left:,} more", min(len(f" … {left:,} more"), width))
        folded[-1] = fit(folded[-1], width - cells(note)) + note
    return tuple(folded)


def fold_words(text: str, width: int) -> list[str]:
    """A sentence made safe and folded between words."""
    import textwrap

    return textwrap.wrap(safe_text(text), max(width, 10)) or [""]


def _cells_prefix(text: str, width: int) -> str:
    taken = text[:width]
    while cell_len(taken) > width:
        taken = taken[:-1]
    return taken or text[0]
