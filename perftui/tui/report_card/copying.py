"""Takes a card to the clipboard, and to a file: no terminal says whether it took what OSC 52 gave it."""

import asyncio
import os
import time
from collections.abc import Hashable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.screen import Screen

from perftui.actions.journal import default_journal
from perftui.config.folders import state_folder
from perftui.tui.keyed import KeyedScreen
from perftui.tui.report_card.card import make_card
from perftui.tui.report_card.shown import Draw, look
from perftui.tui.view import View

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

_WITHOUT_OSC_52 = ("dumb", "linux", "vt", "unknown")
_KEPT = 50


def press_card(app: "PerftuiApp") -> None:
    """Make the card of the screen that is looked at, say where it is; asked for again there, nothing is hidden."""
    if app.view is None:
        app.say("Nothing was read yet: there is nothing to hand over.")
        return
    presses, where = app.card_presses, _place(app, app.view)
    with_values = presses.press(where, time.monotonic())
    if presses.making or with_values is not None:
        app.say("Making the card ...")
    if with_values is not None:
        presses.begin()
        draw = look(_looked_at(app))
        app.run_worker(_make(app, app.view, draw, where, hidden=not with_values), group="handover")


async def _make(app: "PerftuiApp", view: View, draw: Draw, where: Hashable, *, hidden: bool) -> None:
    told = False
    try:
        text = await asyncio.to_thread(make_card, draw, view, default_journal(), hidden=hidden)
        _hand_over(app, text, view.snapshot.taken_at, hidden=hidden)
        told = True
    finally:
        app.card_presses.end(where if told and hidden else None, time.monotonic())


def _place(app: "PerftuiApp", view: View) -> Hashable:
    """The screen and the row that the card is of."""
    from perftui.tui.screens.main import MainScreen

    screen = _looked_at(app)
    opened = (*sorted(view.selected.items()), view.collection, view.endpoint, view.group)
    model = screen.table.model if isinstance(screen, MainScreen) else None
    if model is None:
        return (screen, opened)
    return (screen, opened, model.spec.name, None if model.row is None else model.spec.key(model.row))


def _hand_over(app: "PerftuiApp", text: str, at: float, *, hidden: bool) -> None:
    """The file's name first: on a narrow screen the end of the sentence is cut."""
    try:
        path, problem = _near(_write(text, at)), ""
    except OSError as error:
        path, problem = "", f" No file was written: {error.strerror}."
    copied = not os.environ.get("TERM", "dumb").startswith(_WITHOUT_OSC_52)
    if copied:
        app.copy_to_clipboard(text)
    how = "copied (OSC 52)" if copied else "this terminal has no clipboard"
    key = app.keymap.shown("report_card", 1)
    told = f"{path}{', ' if path else ''}{how}"
    words = f"{told}, redacted; {key} again: with values and hosts." if hidden else f"with values: {told}."
    app.say(words + problem, "warning" if problem else "normal")


def _near(path: Path) -> str:
    """With `~` for the user's home."""
    with suppress(ValueError):
        return f"~/{path.relative_to(Path.home())}"
    return str(path)


def _looked_at(app: "PerftuiApp") -> Screen[Any]:
    """The screen on top, or the one below a help page or a question."""
    from perftui.tui.screens.help import HelpScreen
    from perftui.tui.screens.settings import SettingsScreen

    for screen in reversed(app.screen_stack):
        if isinstance(screen, KeyedScreen) and not isinstance(screen, HelpScreen | SettingsScreen):
            return screen
    return app.screen


def _write(text: str, at: float) -> Path:
    """Into the state folder, for the user only; the oldest cards make room."""
    folder = state_folder() / "cards"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stem = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
    for number in range(100):
        path = folder / f"card-{stem}{f'-{number}' if number else ''}.md"
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            continue
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        _make_room(folder)
        return path
    raise FileExistsError(17, "there are too many of this second")


def _make_room(folder: Path) -> None:
    for old in sorted(folder.glob("card-*.md"))[:-_KEPT]:
        old.unlink(missing_ok=True)
