"""How a question looks: a frame, what is asked, two buttons. Pure: lines out."""

from collections.abc import Sequence
from typing import NamedTuple

from perftui.actions.base import UNDO_COMMAND, ActionProgress, Description, Problem
from perftui.tui.formatting import number, share
from perftui.tui.lines import Line, Piece, bar, cells, fill, fit, fold_words, wrap

_MOST_COMMAND_LINES = 8


class Button(NamedTuple):
    """Where a button stands, for the mouse."""

    name: str
    y: int
    left: int
    right: int


class Asked(NamedTuple):
    """How far the question is."""

    choice: str = ""
    typed: str = ""
    running: bool = False
    progress: ActionProgress | None = None
    can_abort: bool = False
    can_stop: bool = False
    """It goes step by step and may be ended between them."""
    stopping: bool = False


def lay_out(description: Description, problems: Sequence[Problem], width: int, asked: Asked) -> list[list[Piece]]:
    """The lines between the frame's title and its buttons."""
    where: list[Piece] = [("on   ", "label"), (description.host, "value")]
    if description.role:
        where += [("   role ", "label"), (description.role, "value")]
    lines: list[list[Piece]] = [where, []]
    lines += _choices(description.choices, asked.choice)
    command = wrap(description.command, width - 5, _MOST_COMMAND_LINES)
    lines += [[("     " if index else "run  ", "label"), (part, "accent")] for index, part in enumerate(command)]
    lines.append([])
    if asked.running:
        return [*lines, *_running(asked, width)]
    for problem in problems:
        lines += _sentence("!", f"{problem.message} {problem.help}".strip(), width, "warning")
    for consequence in description.consequences:
        lines += _sentence("-", consequence, width, "normal")
    if description.undo != "":
        lines += _sentence("-", _way_back(description), width, "normal" if description.undo else "warning")
    lines += _items(description.items, width)
    if description.typed_confirmation is not None:
        lines += [[], *_field(description.typed_confirmation, asked.typed, width)]
    return lines


def _items(items: Sequence[str], width: int) -> list[list[Piece]]:
    """Each on a line of its own."""
    if not items:
        return []
    head: list[Piece] = [(f"these {len(items):,}", "label")]
    return [[], head, *([("  ", "normal"), (fit(item, width - 2).rstrip(), "value")] for item in items)]


def _way_back(description: Description) -> str:
    """Here the key is the nearest way; elsewhere the command is."""
    if description.undo is None:
        return "This cannot be undone."
    key = "u, or " if description.undo.startswith(UNDO_COMMAND) else ""
    return f"To take it back: {key}{description.undo}"


def _running(asked: Asked, width: int) -> list[list[Piece]]:
    lines: list[list[Piece]] = []
    progress = asked.progress
    if progress is not None:
        lines += _bar(progress, width)
        if progress.waits_for_quorum:
            words = "It waits for the other members: with a voting member down it never ends by itself."
            lines += _sentence("!", words, width, "over")
    said = _running_words(asked)
    return [*lines, *([(part, "accent")] for part in fold_words(said, width))]


def _running_words(asked: Asked) -> str:
    if asked.stopping:
        return "Stopping: nothing more is begun. Esc stops waiting for its outcome."
    if asked.can_stop:
        return "Running. Esc stops it: what was done stays done, the rest is left."
    abort = " K aborts it, asks first." if asked.can_abort else ""
    return f"Running. Esc stops waiting for it; it does not stop the command.{abort}"


def _bar(progress: ActionProgress, width: int) -> list[list[Piece]]:
    phase = "" if progress.phase in progress.message else f"{progress.phase}: "
    lines: list[list[Piece]] = [[(phase, "label"), (progress.message, "value")]]
    if progress.done is None or not progress.total:
        return lines
    done = min(progress.done / progress.total, 1.0)
    room = max(width - 34, 8)
    figures = f" {share(done)}  {number(progress.done)} of {number(progress.total)}"
    return [*lines, [("[", "bracket"), (bar(done, room), "good"), ("]", "bracket"), (figures, "value")], []]


def _field(wanted: str, typed: str, width: int) -> list[list[Piece]]:
    done = typed == wanted
    state = "good" if done else "over" if not wanted.startswith(typed) else "value"
    said = "that is it: Enter runs it" if done else "type this to let it run"
    head: list[Piece] = [
        ("name ", "label"),
        (fit(wanted, min(cells(wanted), width - 36)), "value"),
        (f"  {said}", "dim"),
    ]
    return [head, [("   > ", "key"), (fit(typed + "▏", min(cells(typed) + 1, width - 6)), state)]]


def _choices(choices: Sequence[str], chosen: str) -> list[list[Piece]]:
    if len(choices) < 2:
        return []
    marked = [
        (f"(•) {choice}   ", "accent") if choice == chosen else (f"( ) {choice}   ", "normal") for choice in choices
    ]
    return [[("what ", "label"), *marked, ("↑ ↓", "key")], []]


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
    asked = f" {title}{'?' if verb else ''} "
    name = fit(asked, min(cells(asked), width - 4))
    top: list[Piece] = [("┌─", "dim"), (name, "heading"), ("─" * (width - 3 - cells(name)) + "┐", "dim")]
    lines = [Line(tuple(top)), _framed([], width)]
    lines += [_framed(pieces, width) for pieces in body]
    lines.append(_framed([], width))
    buttons: list[Button] = []
    if not running:
        pieces, buttons = _buttons(verb, focus, width, len(lines), hears)
        lines.append(_framed(pieces, width))
        keys = "  Tab moves   Enter presses   y yes   n Esc no" if verb else "  Enter or Esc closes"
        lines.append(_framed([(keys, "dim")], width))
    lines.append(Line((("└" + "─" * (width - 2) + "┘", "dim"),)))
    return lines, buttons


def _framed(pieces: Sequence[Piece], width: int) -> Line:
    return Line((("│ ", "dim"), *fill(pieces, width - 4), (" │", "dim")))


def _buttons(verb: str, focus: str, width: int, y: int, hears: bool) -> tuple[list[Piece], list[Button]]:
    texts = {"cancel": " Cancel ", "confirm": f" {verb} "} if verb else {"cancel": " Close "}
    pieces: list[Piece] = [("  ", "normal")]
    buttons, left = [], 4
    for name, text in texts.items():
        shown = f"[{text}]" if name != focus else f"▶{text}◀"
        role = "key" if name == focus else "normal" if hears else "dim"
        pieces += [(shown, role), ("   ", "normal")]
        buttons.append(Button(name, y, left, left + cells(shown)))
        left += cells(shown) + 3
    return pieces, [button for button in buttons if button.right < width]
