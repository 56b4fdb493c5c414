"""The command palette's entries: every command of the screen, every theme. Imported when it first opens."""

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.screen import Screen

from perftui.tui.keyed import KeyedScreen
from perftui.tui.themes import theme_paths

if TYPE_CHECKING:
    from perftui.tui.app import PerftuiApp

_LEFT_OUT = {"palette", "up", "down", "page_up", "page_down", "first", "last"}


def palette_commands(app: "PerftuiApp", screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Commands with their keys, then themes."""
    contexts = screen.CONTEXTS if isinstance(screen, KeyedScreen) else ("app",)
    for command in app.keymap.of(contexts):
        if command.name not in _LEFT_OUT:
            title = f"{command.help.split(':')[0].split(',')[0]} ({app.keymap.shown(command.name)})"
            yield SystemCommand(title, command.help, partial(app.run_command, command, screen))
    for name in sorted(theme_paths(app.settings.themes_folder)):
        yield SystemCommand(f"Theme {name}", "Switch the colours now", partial(app.use_theme, name))
