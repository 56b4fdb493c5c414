"""The Overview's first line: the verdict, cut to the screen's width with the most telling parts first."""

from collections.abc import Callable

from perftui.diagnosis.sentence import fitted, parts, word
from perftui.model.verdict import Verdict
from perftui.tui.keys import Keymap
from perftui.tui.lines import Line, Piece, cells, fill, spread
from perftui.tui.view import View

_STATES = {"critical": "over", "warning": "warning", "healthy": "good", "looking": "dim", "cannot tell": "warning"}
_LEAST = 50
"""Cells of the verdict itself that no hint takes away."""


def state_of(verdict: Verdict) -> str:
    """The role of the first word."""
    return _STATES[word(verdict)]


def moments(view: View) -> Callable[[float], str]:
    """How the screen writes the times of a verdict."""
    return view.clock


def verdict_line(view: View | None, keymap: Keymap, width: int, *, read_only: bool = False) -> Line:
    """One line of exactly `width` cells; the keys that lead on stand at its end."""
    verdict = None if view is None else view.snapshot.verdict
    if view is None or verdict is None:
        return Line(tuple(fill([(" looking: too little was seen yet to tell", "dim")], width)))
    first = f" {word(verdict)} "
    keys = _keys(verdict, keymap, read_only, max(width - cells(first) - _LEAST, 0))
    room = width - cells(first) - sum(cells(text) for text, _ in keys) - 2
    text = fitted(parts(verdict, moments(view)), room)
    return Line(tuple(spread([(first, state_of(verdict)), (f" {text}", "normal")], keys, width)))


def _keys(verdict: Verdict, keymap: Keymap, read_only: bool, room: int) -> list[Piece]:
    """The evidence, then what helps; the words between them only where there is room."""
    problem = verdict.problem
    if problem is None:
        return []
    evidence = keymap.shown("verdict", 1)
    alone: list[Piece] = [(" ", "normal"), (evidence, "key"), (" shows it ", "normal")]
    command = keymap.commands.get(problem.action or "")
    if command is None or (command.changes_server and read_only):
        return alone
    does = (keymap.shown(command.name, 1), f" {command.label.lower()} ")
    whole: list[Piece] = [*alone, (" then ", "normal"), (does[0], "key"), (does[1], "normal")]
    short: list[Piece] = [
        (" ", "normal"),
        (evidence, "key"),
        (" then ", "normal"),
        (does[0], "key"),
        (does[1], "normal"),
    ]
    return next((pieces for pieces in (whole, short) if sum(cells(text) for text, _ in pieces) <= room), alone)
