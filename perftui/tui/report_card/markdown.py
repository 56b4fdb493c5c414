"""Markdown that no text in it can break."""

from collections.abc import Iterable, Sequence

from perftui.model.text import safe_text
from perftui.tui.lines import Line

_LONGEST_CELL = 200


def heading(text: str, level: int = 2) -> str:
    return f"{'#' * level} {inline(text)}"


def inline(text: str) -> str:
    """Text of a sentence: nothing in it is markup."""
    shown = safe_text(text)
    for mark in "\\`*_[]<>|#":
        shown = shown.replace(mark, f"\\{mark}")
    return shown


def code(text: str) -> str:
    """A name or a command within a sentence."""
    shown = safe_text(text)
    marks = "`" * (_longest_run(shown) + 1)
    space = " " if shown.startswith("`") or shown.endswith("`") else ""
    return f"{marks}{space}{shown}{space}{marks}" if shown else ""


def block(lines: Iterable[str]) -> str:
    """Lines as they are."""
    shown = [safe_text(line).rstrip() for line in lines]
    fence = "`" * max(3, _longest_run("\n".join(shown)) + 1)
    return "\n".join([f"{fence}text", *shown, fence])


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column at the left, figures at the right."""
    rules = ["---", *["---:"] * (len(titles) - 1)]
    lines = [[inline(title) for title in titles], rules, *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def plain(lines: Iterable[Line]) -> list[str]:
    """A screen's lines without their roles."""
    return ["".join(text for text, _ in line.pieces).rstrip() for line in lines]


def _cell(text: str) -> str:
    cut = text if len(text) <= _LONGEST_CELL else text[: _LONGEST_CELL - 1] + "…"
    return inline(cut.strip())


def _longest_run(text: str) -> int:
    longest = run = 0
    for letter in text:
        run = run + 1 if letter == "`" else 0
        longest = max(longest, run)
    return longest
