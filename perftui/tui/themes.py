"""Themes from files: read, checked as a whole, and turned into a palette and a Textual theme."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from perftui.model.names import nearest
from perftui.tui.palette import BASES, ROLES, Palette

if TYPE_CHECKING:
    from textual.theme import Theme

DEFAULT_THEME = "perftui-dark"
_REQUIRED = (
    "background", "surface", "panel", "foreground", "primary", "secondary", "accent", "good", "warning", "over", "dim",
)  # fmt: skip


class ThemeFile(Struct, frozen=True):
    """One theme: its colours by meaning, ready to draw with."""

    name: str
    about: str
    textual: "Theme"
    palette: Palette

    @property
    def ansi(self) -> bool:
        """True: it uses the terminal's own colours."""
        return bool(self.textual.ansi)


def shipped_folder() -> Path:
    """The folder of our own themes: in the wheel, else in the checkout."""
    package = Path(__file__).parents[1]
    return package / "themes" if (package / "themes").is_dir() else package.parent / "themes"


def theme_paths(user_folder: str | None) -> dict[str, Path]:
    """Every theme's file by name; the user's own over ours."""
    found: dict[str, Path] = {}
    for folder in (shipped_folder(), *([Path(user_folder)] if user_folder else [])):
        for path in _files(folder):
            found[path.stem] = path
    return found


def load_theme(wanted: str, user_folder: str | None, no_color: bool = False) -> tuple[ThemeFile, str | None]:
    """The theme of that name, or the default one with a message that says all that is wrong with it."""
    if no_color:
        return without_colour(), None
    paths = theme_paths(user_folder)
    try:
        if wanted not in paths:
            raise ThemeError(f"There is no theme '{wanted}'{nearest(wanted, sorted(paths))}")
        return read_theme(paths[wanted]), None
    except ThemeError as error:
        return _fallback(paths, wanted), str(error)


class ThemeError(Exception):
    """Everything that is wrong with a theme's file, in one message."""


def read_theme(path: Path) -> ThemeFile:
    """Read and check one theme. Raises `ThemeError`."""
    import tomllib

    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ThemeError(f"Theme {path.name} cannot be read: {error}.") from None
    problems = list(_problems(document))
    if problems:
        raise ThemeError(f"Theme {path.name} is not used: {'; '.join(problems)}.")
    return _build(path.stem, document)


def without_colour() -> ThemeFile:
    """For NO_COLOR: attributes only, on the terminal's own two colours."""
    from rich.style import Style

    roles = {role: Style() for role in ROLES}
    roles |= {"over": Style(bold=True, underline=True), "warning": Style(bold=True), "dim": Style(dim=True)}
    roles |= {"accent": Style(bold=True), "heading": Style(bold=True), "key": Style(bold=True)}
    roles |= {"tab": Style(reverse=True), "caret": Style(reverse=True)}
    bases = {base: Style() for base in BASES}
    bases |= {"cursor": Style(reverse=True), "header": Style(bold=True), "title": Style(underline=True)}
    bases |= {"tagged": Style(bold=True), "selected": Style(reverse=True)}
    colours = dict.fromkeys(_REQUIRED, "ansi_default")
    return ThemeFile(
        "no-color", "NO_COLOR is set", _textual("no-color", colours, {"ansi": True}), Palette(roles, bases)
    )


def _files(folder: Path) -> list[Path]:
    try:
        return sorted(Path(entry.path) for entry in os.scandir(folder) if entry.name.endswith(".toml"))
    except OSError:
        return []


def _fallback(paths: dict[str, Path], wanted: str) -> ThemeFile:
    if wanted != DEFAULT_THEME and DEFAULT_THEME in paths:
        try:
            return read_theme(paths[DEFAULT_THEME])
        except ThemeError:
            pass
    return without_colour()


def _problems(document: dict[str, Any]) -> Iterator[str]:
    from rich.errors import StyleSyntaxError
    from rich.style import Style

    for section in ("colors", "roles", "lines"):
        if not isinstance(document.get(section, {}), dict):
            yield f"[{section}] must be a table"
            return
    colours = document.get("colors", {})
    for name in _REQUIRED:
        if name not in colours:
            yield f"colors.{name} is missing"
    for name, value in colours.items():
        if name not in _REQUIRED:
            yield f"colors.{name} is not known"
        elif not _is_colour(value):
            yield f"colors.{name} is {value!r}, which is no colour"
    for section, known in (("roles", ROLES), ("lines", BASES)):
        for name, value in document.get(section, {}).items():
            if name not in known:
                yield f"{section}.{name} is not known"
                continue
            try:
                Style.parse(value)
            except (StyleSyntaxError, AttributeError, TypeError):
                yield f"{section}.{name} is {value!r}, which is no style"


def _is_colour(value: object) -> bool:
    from textual.color import Color, ColorParseError

    try:
        Color.parse(value if isinstance(value, str) else "")
    except ColorParseError:
        return False
    return True


def _build(name: str, document: dict[str, Any]) -> ThemeFile:
    from rich.style import Style

    colours: dict[str, str] = document["colors"]
    rich = {key: value.removeprefix("ansi_") for key, value in colours.items()}
    ground = "" if rich["background"] == "default" else f" on {rich['background']}"
    roles = {
        "normal": "", "dim": rich["dim"], "good": rich["good"], "warning": rich["warning"],
        "over": f"bold {rich['over']}",
        "accent": rich["accent"], "label": rich["secondary"], "value": "bold", "spark": rich["primary"],
        "bar": rich["good"], "bracket": rich["dim"], "heading": f"bold {rich['accent']}",
        "key": f"bold {rich['accent']}",
        "tab": "bold reverse" if rich["background"] == "default" else f"bold {rich['background']} on {rich['primary']}",
        "caret": "reverse",
    }  # fmt: skip
    bases = {
        "normal": f"{rich['foreground']}{ground}",
        "header": f"{rich['foreground']} on {rich['panel']}",
        "title": f"bold {rich['background']} on {rich['primary']}",
        "cursor": f"{rich['background']} on {rich['accent']}",
        "tagged": f"bold {rich['accent']}{ground}",
        "bar": f"{rich['foreground']} on {rich['surface']}",
        "selected": f"bold {rich['background']} on {rich['primary']}",
    }
    styles = {role: Style.parse(text) for role, text in {**roles, **document.get("roles", {})}.items()}
    lines = {base: Style.parse(text) for base, text in {**bases, **document.get("lines", {})}.items()}
    palette = Palette(styles, lines, frozenset({"cursor", "title", "selected"}))
    return ThemeFile(name, str(document.get("about", "")), _textual(name, colours, document), palette)


def _textual(name: str, colours: dict[str, str], document: dict[str, Any]) -> "Theme":
    from textual.theme import BUILTIN_THEMES, Theme

    ansi, dark = bool(document.get("ansi", False)), bool(document.get("dark", True))
    return Theme(
        name=name,
        primary=colours["primary"],
        secondary=colours["secondary"],
        accent=colours["accent"],
        foreground=colours["foreground"],
        background=colours["background"],
        surface=colours["surface"],
        panel=colours["panel"],
        success=colours["good"],
        warning=colours["warning"],
        error=colours["over"],
        boost="ansi_default" if ansi else None,
        dark=dark,
        ansi=ansi,
        variables=dict(BUILTIN_THEMES["ansi-dark" if dark else "ansi-light"].variables) if ansi else {},
    )
