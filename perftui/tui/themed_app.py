"""The application's theme: the first one, and a change of it."""

from typing import Any

import msgspec
from textual.app import App

from perftui.model.settings import Settings
from perftui.tui.themes import ThemeFile, load_theme
from perftui.tui.timed_app import TimedApp
from perftui.tui.widgets.line_widget import LineWidget


class ThemedApp(TimedApp):
    """Its styles are those of a theme file."""

    settings: Settings
    theme_file: ThemeFile
    theme_problem: str | None

    def begin_theme(self) -> None:
        """Take the theme of the settings; the default where that is wrong, which `theme_problem` then says."""
        settings = self.settings
        self.theme_file, self.theme_problem = load_theme(settings.theme, settings.themes_folder, self.no_color)
        self._adopt(self.theme_file)

    @property
    def palette(self) -> Any:
        """The styles of the theme in force, by role."""
        return self.theme_file.palette

    def use_theme(self, name: str) -> None:
        """Switch to a theme; a bad one is named and the default taken."""
        if self.no_color:
            self.say("NO_COLOR is set: themes are not used.", "warning")
            return
        theme, problem = load_theme(name, self.settings.themes_folder)
        self.theme_file = theme
        self.register_theme(theme.textual)
        self.theme = theme.textual.name
        self.settings = msgspec.structs.replace(self.settings, theme=theme.name)
        for screen in self.screen_stack:
            for widget in screen.query(LineWidget):
                widget.forget_styles()
        if problem:
            self.say(problem, "warning")

    def _adopt(self, theme: ThemeFile) -> None:
        """Take the first theme without the restyling that a change of theme costs."""
        self.register_theme(theme.textual)
        self.set_reactive(App.theme, theme.textual.name)
        if self.no_color:
            self.set_reactive(App.ansi_color, True)
        self._refresh_truecolor_filter(self.ansi_theme)
        self.stylesheet.set_variables(self.get_css_variables())
