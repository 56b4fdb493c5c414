"""How a question looks: a frame, what is asked, two buttons. Pure: lines out."""

from collections.abc import Sequence
from typing import NamedTuple

from perftui.actions.base import Description, Problem
from perftui.tui.lines import Line, Piece, cells, fill, fit, fold_words, wrap

_MOST_COMMAND_LINES = 8


class Button(NamedTuple):
    """Where a button stands, for the mouse."""

    name: str
    y: int
    left: int
    right: int


def lay_out(
    description: Description, problems: Sequence[Problem], width: int, *, choice: str, running: bool
) -> list[list[Piece]]:
    """The lines between the frame's title and its buttons."""
    where: list[Piece] = [("on   ", "label"), (description.host, "value")]
    if description.role:
        where += [("   role ", "label"), (description.role, "value")]
    lines: list[list[Piece]] = [where, []]
    lines += _choices(description.choices, choice)
    command = wrap(description.command, width - 5, _MOST_COMMAND_LINES)
    lines += [[("     " if index else "run  ", "label"), (part, "accent")] for index, part in enumerate(command)]
    lines.append([])
    for problem in problems:
        lines += _sentence("!", f"{problem.message} {problem.help}".strip(), width, "warning")
    for consequence in description.consequences:
        lines += _sentence("-", consequence, width, "normal")
    undo = f"To take it back: {description.undo}" if description.undo else "This cannot be undone."
    lines += _sentence("-", undo, width, "normal" if description.undo else "warning")
    if running:
        lines += [[], [("Running. Esc stops waiting for it; it does not stop the command.", "accent")]]
    return lines


def _choices(choices: Sequence[str], chosen: str) -> list[list[Piece]]:
    if len(choices) < 2:
        return []
    marked = [
        (f"(•) {choice}   ", "accent") if choice == chosen else (f"( ) {choice}   ", "normal") for choice in choices
    ]
    return [[("what ", "label"), *marked], []]


def _sentence(mark: str, text: str, width: int, role: str) -> list[list[Piece]]:
    folded = fold_words(text, width - 2)
    return [[(f"{mark if index == 0 else ' '} ", role), (part, role)] for index, part in enumerate(folded)]


def draw_box(
    title: str,
    body: Sequence[Sequence[Piece]],
    width: int,
    verb: str,
    focus: str,
    *,
    hears: bool,
    running: bool,
) -> tuple[list[Line], list[Button]]:
    """The framed lines and where the buttons are."""
    name = fit(f" {title}? ", min(cells(title) + 3, width - 4))
    top: list[Piece] = [("┌─", "dim"), (name, "heading"), ("─" * (width - 3 - cells(name)) + "┐", "dim")]
    lines = [Line(tuple(top)), _framed([], width)]
    lines += [_framed(pieces, width) for pieces in body]
    lines.append(_framed([], width))
    buttons: list[Button] = []
    if not running:
        pieces, buttons = _buttons(verb, focus, width, len(lines), hears)
        lines.append(_framed(pieces, width))
        lines.append(_framed([("  Tab moves   Enter presses   y yes   n Esc no", "dim")], width))
    lines.append(Line((("└" + "─" * (width - 2) + "┘", "dim"),)))
    return lines, buttons


def _framed(pieces: Sequence[Piece], width: int) -> Line:
    return Line((("│ ", "dim"), *fill(pieces, width - 4), (" │", "dim")))


def _buttons(verb: str, focus: str, width: int, y: int, hears: bool) -> tuple[list[Piece], list[Button]]:
    texts = {"cancel": " Cancel ", "confirm": f" {verb} "}
    pieces: list[Piece] = [("  ", "normal")]
    buttons, left = [], 4
    for name, text in texts.items():
        shown = f"[{text}]" if name != focus else f"▶{text}◀"
        role = "key" if name == focus else "normal" if hears else "dim"
        pieces += [(shown, role), ("   ", "normal")]
        buttons.append(Button(name, y, left, left + cells(shown)))
        left += cells(shown) + 3
    return pieces, [button for button in buttons if button.right < width]
